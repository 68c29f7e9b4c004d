import { simulatedSubject } from './sim-subject.ts';
import { describeNet } from './suite/index.ts';

describeNet(simulatedSubject('simulator'));
