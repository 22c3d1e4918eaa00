/** Compiles the tests that a document carries: examples and invariants. */
import type { ExampleDocument, MappingDocument } from "../../model/mapping.js";
import { resolveScimRole, scimRoleProblem } from "../scim-roles.js";
import { parseTarget } from "../target-text.js";
import { compileExpression } from "./compile-rule.js";
import type { CompiledScimRoles } from "./compile-scim-roles.js";
import type { CompiledExample, CompiledInvariant } from "./compiled-mapping.js";
import { checkConnection, type MappingContext } from "./mapping-connections.js";
import { type Findings, problem } from "./problems.js";

/** Checks the document's examples and reads their targets; what is wrong goes into `findings`. */
export function compileExamples(
  document: MappingDocument,
  context: MappingContext,
  scimRoles: CompiledScimRoles | undefined,
  findings: Findings,
): readonly CompiledExample[] {
  return (document.examples ?? []).map((example, index) => {
    const pointer = `/examples/${index}`;
    if (example.connection !== undefined) {
      checkConnection(example.connection, `${pointer}/connection`, context, findings);
    }
    checkScimRoles(example, scimRoles, pointer, findings);
    const expect = example.expect.flatMap((written, at) => {
      const target = parseTarget(written);
      if (target) return [target];
      const message = "this is no target: write `Team/role`, `*/role`, `tenant/role` `{scope, role}` or `{team, role}`";
      findings.problems.push(problem(`${pointer}/expect/${at}`, "bad_target", message));
      return [];
    });
    return { document: example, pointer, expect };
  });
}

/** An example whose roles SCIM would be refused tests nothing. */
function checkScimRoles(
  { scim_roles: assigned = [] }: ExampleDocument,
  roles: CompiledScimRoles | undefined,
  pointer: string,
  findings: Findings,
): void {
  assigned.forEach((role, at) => {
    const resolved = roles && resolveScimRole(roles, role);
    if (resolved?.ok) return;
    const message = resolved
      ? scimRoleProblem(roles, role)
      : "the document has no `scim_roles`: declare the types that SCIM may assign";
    findings.problems.push(problem(`${pointer}/scim_roles/${at}`, "unknown_scim_role", message));
  });
}

/** Compiles the document's invariants; those that do not compile are left out, and stand in `findings`. */
export function compileInvariants(
  document: MappingDocument,
  context: MappingContext,
  findings: Findings,
): readonly CompiledInvariant[] {
  return (document.invariants ?? []).flatMap(({ name, never }, index) => {
    const pointer = `/invariants/${index}`;
    const compiled = compileExpression(never, "invariant", `${pointer}/never`, context, findings);
    return compiled ? [{ name, pointer, never: compiled }] : [];
  });
}
