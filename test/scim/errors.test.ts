import { expect } from "chai";
import { errorBody, ScimError } from "../../src/protocols/scim/errors.js";

describe("SCIM errors", () => {
  it("C2, C5, RFC-54: say the status as a string and nothing that the RFC does not know", () => {
    expect(errorBody(new ScimError("invalidFilter", "d"))).to.deep.equal({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: "400",
      scimType: "invalidFilter",
      detail: "d",
    });
    expect(errorBody(new ScimError("notFound", "d"))).to.deep.equal({
      schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"],
      status: "404",
      detail: "d",
    });
  });

  it("OKTA-05, RFC-20: a taken name is 409 with its type", () => {
    expect(errorBody(new ScimError("uniqueness", "d"))).to.include({ status: "409", scimType: "uniqueness" });
  });
});
