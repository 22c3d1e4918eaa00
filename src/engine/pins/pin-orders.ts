/** What an admin may say about pins: confirm a waiting group, move a name to another group, accept a rename. */
import type { DirectoryGroupRecord } from "../../model/person.js";
import { heirsAmong, holdsName, isHeld, ownNames, type PinWrite, withHeirs, without, withPins } from "./group-pins.js";

export interface PinOrder {
  readonly remove: readonly Pick<PinWrite, "name" | "group">[];
  readonly put: readonly PinWrite[];
}

/** The groups that wait under the name hold it from now on. */
export function confirmName(groups: readonly DirectoryGroupRecord[], name: string): PinOrder {
  const put = groups.flatMap(({ id, pins = [] }) =>
    pins
      .filter((pin) => pin.name === name && pin.state === "waiting")
      .map(({ knownAs }) => ({ group: id, name, state: "held" as const, knownAs })),
  );
  return { remove: [], put };
}

/** One group holds the name, and no other does; those that are still called so contend for it. */
export function moveName(
  groups: readonly DirectoryGroupRecord[],
  name: string,
  to: Pick<DirectoryGroupRecord, "id">,
): PinOrder {
  const remove: PinOrder["remove"][number][] = [];
  const put: PinWrite[] = [];
  for (const group of groups) {
    const own = ownNames(group);
    // Beside a name that it holds already it gets this one alone, whatever it is called now.
    if (group.id === to.id)
      put.push({ group: group.id, name, state: "held", knownAs: holdsName(group) ? [name] : own });
    else if (!group.pins?.some((pin) => pin.name === name && isHeld(pin))) continue;
    else if (own.includes(name)) put.push({ group: group.id, name, state: "contends", knownAs: own });
    else remove.push({ group: group.id, name });
  }
  return { remove, put };
}

/**
 * The group goes by its present names alone: it leaves the names that it has no more, and takes those that nobody else holds.
 */
export function acceptNames(groups: readonly DirectoryGroupRecord[], group: DirectoryGroupRecord): PinOrder {
  const own = ownNames(group);
  const pins = group.pins ?? [];
  const others = groups.filter((other) => other.id !== group.id).flatMap((other) => other.pins ?? []);
  const taken = new Set(others.filter(isHeld).map((pin) => pin.name));
  return {
    remove: pins.filter((pin) => isHeld(pin) && !own.includes(pin.name)).map(({ name }) => ({ group: group.id, name })),
    put: pins
      .filter((pin) => own.includes(pin.name) && (isHeld(pin) || !taken.has(pin.name)))
      .map(({ name, state }) => ({
        ...{ group: group.id, name, knownAs: own },
        state: state === "waiting" ? "waiting" : "held",
      })),
  };
}

/** Groups that the order leaves without any name: they go by what they are called, and may take what is free. */
export function freedBy(
  groups: readonly DirectoryGroupRecord[],
  { remove, put }: PinOrder,
): readonly DirectoryGroupRecord[] {
  const gone = (group: string, name: string) =>
    remove.some((one) => one.group === group && one.name === name) ||
    put.some((one) => one.group === group && one.name === name && one.state === "contends");
  const gains = (group: string) => put.some((one) => one.group === group && one.state !== "contends");
  return groups.filter(
    (group) =>
      holdsName(group) &&
      !gains(group.id) &&
      group.pins?.every((pin) => !isHeld(pin) || gone(group.id, pin.name)) === true,
  );
}

/** The groups once the order is carried out, and once others wait for the names that it freed: for previews. */
export function withOrder(groups: readonly DirectoryGroupRecord[], order: PinOrder): readonly DirectoryGroupRecord[] {
  const next = groups.map((group) => {
    const ofGroup = (one: Pick<PinWrite, "group">) => one.group === group.id;
    const gone = new Set(order.remove.filter(ofGroup).map(({ name }) => name));
    const put = order.put.filter(ofGroup);
    return gone.size + put.length === 0 ? group : withPins(without(group, gone), put);
  });
  const free = new Set([...order.remove.map(({ name }) => name), ...freedBy(groups, order).flatMap(ownNames)]);
  return withHeirs(
    next,
    heirsAmong(next).filter(({ name }) => free.has(name)),
  );
}
