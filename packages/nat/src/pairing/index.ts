export { type PairedSide, type Pairing, pairingOf, type SidePlan } from './pairing.ts';
export { openProfile, profileOf, unknownProfile } from './profile.ts';
