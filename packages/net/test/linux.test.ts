import { describe } from 'node:test';
import { linuxNetAvailable } from '../src/linux/libc.ts';
import { createLinuxNet } from '../src/linux/net.ts';
import { realSubject } from './real.ts';
import { describeNet } from './suite/index.ts';

const availability = linuxNetAvailable();
if (availability.available) describeNet(realSubject('linux', createLinuxNet));
else describe(`linux: ${availability.reason}`, { skip: true }, () => undefined);
