import { testMatrix } from './sim-matrix-suite.ts';

testMatrix('tcp');
