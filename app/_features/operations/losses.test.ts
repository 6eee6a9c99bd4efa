import { expect, it } from "vitest";
import type { Loss } from "@/protocol/shapes";
import { addLosses } from "./losses";

const loss = (change: Partial<Loss>): Loss => ({ writableBytes: 0, anonymousVolumes: [], namedVolumes: [], bindMounts: [], running: false, autoRemove: false, restartPolicy: "no", compose: null, ...change });

it("counts a shared volume once and never turns an unknown size into zero", () => {
  const sum = addLosses([loss({ writableBytes: 10, namedVolumes: ["data"], running: true }), loss({ writableBytes: 5, namedVolumes: ["data"], compose: { project: "p", service: "s" } })]);
  expect(sum).toMatchObject({ writableBytes: 15, namedVolumes: 1, running: 1, fromCompose: 1 });
  expect(addLosses([loss({ writableBytes: 10 }), loss({ writableBytes: null })]).writableBytes).toBeNull();
});
