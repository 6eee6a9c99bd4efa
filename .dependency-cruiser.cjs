/**
 * Who may import whom. Reads the resolved import graph, so an alias, a re-export or a relative path cannot
 * get around a rule. Each rule is seen to fail in tests/architecture/boundaries.test.ts, which also holds
 * the number of modules read to the number of files: with a TypeScript that this tool does not know it
 * reads none, and says that all is well.
 */
const ISOMORPHIC = "^server/domains/[^/]+/(schema|permissions)\\.ts$";
const TEST = "(\\.test\\.(tsx?|mjs)$|^tests/|/(testing|testing-[a-z]+|test-[a-z]+)\\.tsx?$)";
const NPM = "^node_modules/";
const ZOD = "^node_modules/zod/";
const GENERATED = "^server/db/generated/";
const NOT_TYPES = { dependencyTypesNot: ["type-only"] };
const error = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

module.exports = {
  forbidden: [
    error("no-cycles", "Type-only edges are exempt: they vanish at run time.",
      { pathNot: GENERATED }, { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } }),

    error("everything-resolves", "An import of a file or package that is not there fails only when it runs.",
      { pathNot: GENERATED }, { couldNotResolve: true }),

    error("no-development-packages-at-run-time", "A user's machine installs without them.",
      { path: "^(protocol|agent|server|app|bin)/", pathNot: [TEST, "^bin/(test|bench|soak|run-measure|migration|schema-engine)"] },
      { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], ...NOT_TYPES }),

    error("contract-is-a-leaf", "The contract is read by browsers, agents and hubs: it depends on zod and nothing else.",
      { path: "^protocol/[^/]+\\.ts$", pathNot: TEST }, { pathNot: ["^protocol/[^/]+\\.ts$", ZOD] }),

    error("wire-knows-no-side", "What hub and agent share below the contract: Node, ws and certificates, no part of either.",
      { path: "^protocol/wire/", pathNot: TEST }, { path: "^(server|app|agent|bin|tests)/" }),

    error("agent-knows-only-the-protocol", "The agent ships alone; the hub is reached by wire, never by import.",
      { path: "^agent/", pathNot: TEST }, { path: "^(server|app|prisma|bin|tests)/" }),

    error("agent-carries-no-framework", "Each host pays for what the agent loads.",
      { path: "^(agent|protocol)/", pathNot: TEST }, { path: `${NPM}(next|react|react-dom|pino|@trpc|@prisma|dockerode)/`, ...NOT_TYPES }),

    error("server-never-imports-app-or-agent", "Server code runs with no React and no Docker client.",
      { path: "^server/", pathNot: TEST }, { path: "^(app|agent|bin|tests)/" }),

    error("app-reaches-server-by-type-only",
      "Next bundles its own copy of any server module it imports, so in-memory state would exist twice. Data comes through tRPC.",
      { path: "^app/", pathNot: TEST },
      { path: "^server/", pathNot: [ISOMORPHIC, "^server/auth/"], ...NOT_TYPES }),

    error("server-auth-only-in-server-components", "Client code must not pull in the sign-in's configuration.",
      { path: "^app/_(features|ui|trpc|i18n)/", pathNot: TEST }, { path: "^server/auth/", ...NOT_TYPES }),

    error("app-stays-off-the-wire", "Sockets and certificates have no place in a page.",
      { path: "^app/", pathNot: TEST }, { path: ["^protocol/wire/", "^agent/"], ...NOT_TYPES }),

    error("isomorphic-files-stay-pure", "These files reach the browser.",
      { path: ISOMORPHIC }, { pathNot: [ISOMORPHIC, "^protocol/[^/]+\\.ts$", ZOD], ...NOT_TYPES }),

    error("prisma-only-in-repos", "One file of a domain talks to the database; main.ts and command.ts open it.",
      { path: "^(server|app|agent)/", pathNot: ["^server/db/", "^server/(main|command)\\.ts$", "^server/domains/[^/]+/repo\\.ts$", "^server/auth/", TEST] },
      { path: ["^server/db/", `${NPM}@prisma/`, `${NPM}@libsql/`, "^prisma/"], ...NOT_TYPES }),

    error("repo-is-private-to-its-domain", "Another domain asks the service, never the tables. main.ts wires repos in.",
      { path: "^server/domains/([^/]+)/", pathNot: TEST },
      { path: "^server/domains/[^/]+/repo\\.ts$", pathNot: "^server/domains/$1/" }),

    error("domains-meet-at-service-or-schema", "The public surface of a domain is service.ts, schema.ts and permissions.ts.",
      { path: "^server/domains/([^/]+)/", pathNot: TEST },
      { path: "^server/domains/[^/]+/", pathNot: ["^server/domains/$1/", "/(service|schema|permissions)\\.ts$"] }),

    error("service-is-transport-free", "Domain logic is called by tRPC, the gateway, timers and tests alike.",
      { path: "^server/domains/[^/]+/(service|repo)\\.ts$" },
      { path: ["^server/(trpc|http|streams)/", `${NPM}@trpc/server/`, `${NPM}next/`], ...NOT_TYPES }),

    error("service-gets-the-gateway-handed-in", "A service knows the gateway's types; main.ts hands the live one in.",
      { path: "^server/domains/", pathNot: TEST }, { path: "^server/gateway/", ...NOT_TYPES }),

    error("router-does-not-skip-the-service", "A router parses, authorises and delegates.",
      { path: "^server/domains/[^/]+/router\\.ts$" },
      { path: ["^server/(gateway|db|live)/", "/repo\\.ts$"], ...NOT_TYPES }),

    error("gateway-knows-no-domain", "Domains subscribe to the gateway; it authenticates through a function that main.ts passes in.",
      { path: "^server/gateway/", pathNot: TEST }, { path: "^server/", pathNot: ["^server/(gateway|lib|live)/"] }),

    error("lib-is-a-leaf", "The clock, the logger and the errors know nothing of what uses them.",
      { path: "^server/(lib|live)/", pathNot: TEST }, { path: "^server/", pathNot: ["^server/(lib|live)/"] }),

    error("only-main-wires", "The composition roots construct and connect; nothing takes what they made from them.",
      { pathNot: TEST }, { path: "^(server/(main|command)|agent/main)\\.ts$" }),

    error("ui-kit-is-domain-free", "Could this component ship in another product?",
      { path: "^app/_ui/", pathNot: TEST }, { path: ["^app/_features/", "^app/_trpc/", "^server/", "^protocol/"] }),

    error("routes-are-leaves", "Only route files import from route folders.",
      { path: "^app/_" }, { path: "^app/(?!_|[^/]+\\.css$)" }),

    error("nothing-imports-tests", "What ships works without them.",
      { pathNot: TEST }, { path: TEST }),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^(\\.next|dist|data)/" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default", "types", "require"], mainFields: ["module", "main", "types"] },
  },
};
