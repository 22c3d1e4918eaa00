/**
 * Each node behind those that it refers to, else in the given order: alone, or together with those that it refers to in a circle.
 * Tarjan's algorithm.
 */
export async function inOrderOfReference<Node>(
  nodes: readonly Node[],
  referredBy: (node: Node) => readonly Node[],
): Promise<readonly (readonly Node[])[]> {
  const sorted: (readonly Node[])[] = [];
  const open: Node[] = [];
  /** The earliest of the open nodes that a node leads to; infinite once its circle is complete. */
  const earliest = new Map<Node, number>();

  const visit = async (node: Node): Promise<number> => {
    // Chains may be as long as there are nodes: nothing of the caller stays on the stack.
    await undefined;
    const place = open.push(node) - 1;
    earliest.set(node, place);
    let reached = place;
    for (const other of referredBy(node)) reached = Math.min(reached, earliest.get(other) ?? (await visit(other)));
    earliest.set(node, reached);
    if (reached < place) return reached;
    const together = open.splice(place);
    for (const one of together) earliest.set(one, Number.POSITIVE_INFINITY);
    sorted.push(together);
    return Number.POSITIVE_INFINITY;
  };

  for (const node of nodes) if (!earliest.has(node)) await visit(node);
  return sorted;
}
