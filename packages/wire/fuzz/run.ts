// node run.ts [target | all] [inputs] [seed]

import { fuzz } from './mutate.ts';
import { targets } from './targets.ts';

const [name = 'all', inputs = '1000000', seed = '1'] = process.argv.slice(2);
const chosen = targets.filter((target) => name === 'all' || target.name === name);
if (chosen.length === 0 || !/^\d+$/.test(inputs) || !/^\d+$/.test(seed)) {
  console.error(`usage: node run.ts [all|${targets.map((target) => target.name).join('|')}] [inputs] [seed]`);
  process.exitCode = 2;
} else {
  for (const target of chosen) {
    fuzz(target, Number(inputs), Number(seed));
    console.log(`${target.name}: ${inputs} inputs from seed ${seed}, none broke it`);
  }
}
