import { expect } from "chai";
import { openTenant } from "../support/tenant.js";

describe("a mapping with mistakes of form and of meaning", () => {
  it("is told every one of them at once, each where it stands", async () => {
    const t = await openTenant();
    const give = { team_name: "T", role_name: "editor" };
    const document = {
      mapings: [],
      mappings: [
        { group_nam: "A", ...give },
        { when: "user.departmnt = 'x'", ...give },
        { group_name: "B", ...give },
        { when: "user.department = ", ...give },
      ],
    };
    const refused = await t.mapping(document).catch((error: unknown) => error);
    const { problems } = (refused as { detail: { problems: { pointer: string }[] } }).detail;
    const pointers = problems.map((problem) => problem.pointer);
    expect(pointers).to.include.members(["/mapings", "/mappings/0/group_nam", "/mappings/1/when", "/mappings/3/when"]);
    await t.close();
  });
});
