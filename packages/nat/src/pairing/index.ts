export { type Pairing, pairingOf, type SidePlan } from './pairing.ts';
export { openProfile, profileOf, unknownProfile } from './profile.ts';
export type { PairedSide } from './search.ts';
