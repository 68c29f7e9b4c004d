import { createNodeNet } from '../src/node/net.ts';
import { realSubject } from './real.ts';
import { describeNet } from './suite/index.ts';

describeNet(realSubject('node', createNodeNet));
