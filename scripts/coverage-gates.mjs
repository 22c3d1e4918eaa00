import { relative, sep } from "node:path";

/** What share of each part must be run by the tests, in per cent. */
const gates = [
  { part: "src/engine", holds: (path) => path.startsWith("src/engine/"), least: { lines: 100, branches: 100 } },
  { part: "src without engine", holds: (path) => !path.startsWith("src/engine/"), least: { lines: 80, branches: 80 } },
];

/** The gates that a coverage summary (istanbul's json-summary) does not pass, as one line each. */
export function missedGates(summary, root) {
  const files = Object.entries(summary)
    .filter(([path]) => path !== "total")
    .map(([path, figures]) => ({ path: relative(root, path).split(sep).join("/"), figures }));
  return gates.flatMap((gate) =>
    missesOf(
      gate,
      files.filter(({ path }) => gate.holds(path)),
    ),
  );
}

function missesOf({ part, least }, files) {
  // A gate over nothing would always be open.
  if (files.length === 0) return [`coverage of ${part}: no file was measured`];
  return Object.entries(least).flatMap(([kind, floor]) => {
    const total = files.reduce((sum, { figures }) => sum + figures[kind].total, 0);
    const covered = files.reduce((sum, { figures }) => sum + figures[kind].covered, 0);
    if (covered * 100 >= total * floor) return [];
    const share = ((covered / total) * 100).toFixed(2);
    return [
      `coverage of ${part}: ${share} % of ${kind}, at least ${floor} % are asked for (${total - covered} not covered)`,
    ];
  });
}
