import type { Provisioning } from "../../src/provisioning/deps.js";

/** Brakes that hold after few people: two deactivations, three losses of access, two an hour while somebody is held. */
export function smallBrake(p: Provisioning): Provisioning {
  const brake = { deactivationsFloor: 2, deactivationsShare: 0, accessFloor: 3, accessShare: 0, dripPerHour: 2 };
  return { ...p, settings: { ...p.settings, brake } };
}
