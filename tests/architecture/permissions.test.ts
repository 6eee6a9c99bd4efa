import { describe, expect, it } from "vitest";
import { CONTRACT, CONTRACT_PERMISSIONS, VERB_NAMES } from "@/protocol/contract";
import { can, PERMISSION_NAMES, PERMISSIONS, ROLES } from "@/server/domains/access/permissions";

describe("the permission table", () => {
  it("has a row for each right that the contract names", () => {
    expect(CONTRACT_PERMISSIONS.filter((name) => !(name in PERMISSIONS))).toEqual([]);
  });

  it("is used: each right of the contract is asked for by a verb", () => {
    const asked = new Set(VERB_NAMES.map((verb) => CONTRACT[verb].permission));
    expect(CONTRACT_PERMISSIONS.filter((name) => !asked.has(name))).toEqual([]);
  });

  it("records every right that changes a host", () => {
    const changing = VERB_NAMES.filter((verb) => CONTRACT[verb].effect !== "read").map((verb) => CONTRACT[verb].permission);
    const unrecorded = [...new Set(changing)].filter((name) => name === "link" || !PERMISSIONS[name].record);
    expect(unrecorded).toEqual([]);
  });

  it("gives a viewer nothing that changes anything", () => {
    expect(PERMISSION_NAMES.filter((name) => PERMISSIONS[name].record && can("viewer", name))).toEqual([]);
  });

  it("never takes a right away from a higher role", () => {
    for (const name of PERMISSION_NAMES) {
      const have = ROLES.map((role) => can(role, name));
      expect(have, name).toEqual([...have].sort());
    }
  });

  it("says in a sentence what each right allows", () => {
    expect(PERMISSION_NAMES.filter((name) => !/^[A-Z].{10,}\.$/.test(PERMISSIONS[name].allows))).toEqual([]);
  });
});
