import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

const ignored = [".next/", "dist/", "data/", "server/db/generated/", "next-env.d.ts", "test-results/"];
const TESTS = ["**/*.test.ts", "**/*.test.tsx", "**/*.test.mjs", "**/testing.ts", "**/testing-*.ts", "tests/**"];

/** The one file that may hang something on globalThis: Next has its own copy of what the hub shares with it. */
const GLOBAL_FILE = "server/auth/bridge.ts";

const noShell = [
  { selector: "Property[key.name='shell'][value.value=true]", message: "Never a shell: pass the arguments as an array." },
];
const noHtml = [
  { selector: ":matches(JSXAttribute[name.name='dangerouslySetInnerHTML'], Property[key.name='dangerouslySetInnerHTML'])", message: "Text nodes only: what a container says is not HTML." },
  { selector: "AssignmentExpression > MemberExpression.left[property.name=/^(inner|outer)HTML$/]", message: "Text nodes only: what a container says is not HTML." },
];
const noRandom = [
  { selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']", message: "Ids and secrets come from server/lib/ids.ts (node:crypto); for jitter, take `random` as an argument." },
];
const noEnvironment = [
  { selector: "MemberExpression[object.name='process'][property.name='env']", message: "Only config.ts reads the environment, once, at the start." },
];
const noGlobals = [
  { selector: "AssignmentExpression > MemberExpression.left Identifier[name='globalThis']", message: `Nothing hangs on globalThis but the one object of ${GLOBAL_FILE}.` },
  { selector: "CallExpression[callee.object.name='Object'][callee.property.name=/^(assign|defineProperty|defineProperties)$/] > Identifier.arguments:first-child[name='globalThis']", message: `Nothing hangs on globalThis but the one object of ${GLOBAL_FILE}.` },
];
const noBarrels = [{ selector: "ExportAllDeclaration", message: "No barrels: import from the file that says it." }];
const noSleeps = [
  { selector: "CallExpression[callee.property.name='waitForTimeout']", message: "Wait for what you expect, not for a time." },
];

const syntax = (...lists) => ["error", ...lists.flat()];
const EVERYWHERE = [noShell, noHtml, noBarrels];

const restrictedImports = [
  "error",
  {
    paths: [
      { name: "zod", message: 'Use `import { z } from "zod/mini"`: the other one costs a browser 92 kB.' },
      ...["node:child_process", "child_process"].map((name) => ({ name, importNames: ["exec", "execSync"], message: "Never a shell: spawn or execFile with an array of arguments." })),
    ],
    patterns: [{ regex: "^zod/(?!mini$|v4/core$)", message: 'Use `import { z } from "zod/mini"`.' }],
  },
];

const timers = ["setTimeout", "setInterval"];
const noTimers = (clock) => ["error", ...timers.map((name) => ({ name, message: `Take a Clock (${clock}), so that a test can move time.` }))];

export default tseslint.config(
  { ignores: ignored },
  ...tseslint.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx", "**/*.mjs"],
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-restricted-imports": restrictedImports,
      "no-restricted-syntax": syntax(...EVERYWHERE),
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_", caughtErrors: "none", ignoreRestSiblings: true }],
      "@typescript-eslint/no-unused-expressions": ["error", { allowShortCircuit: true, allowTernary: true }],
      // `as const` rows with an explicit empty object say more than `Record<string, never>`.
      "@typescript-eslint/no-empty-object-type": "off",
    },
  },
  {
    files: ["**/*.ts", "**/*.tsx"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports", disallowTypeAnnotations: false }],
      // A promise that nobody waits for takes the whole hub down when it fails.
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false, arguments: true, properties: true, returns: true, variables: true, inheritedMethods: true } }],
    },
  },
  { files: ["server/**", "agent/**", "protocol/**", "app/**"], ignores: TESTS, rules: { "no-restricted-syntax": syntax(...EVERYWHERE, noRandom, noGlobals, noEnvironment) } },
  { files: ["server/config.ts", "agent/config.ts"], rules: { "no-restricted-syntax": syntax(...EVERYWHERE, noRandom, noGlobals) } },
  { files: [GLOBAL_FILE], rules: { "no-restricted-syntax": syntax(...EVERYWHERE, noRandom, noEnvironment) } },
  { files: ["server/**"], ignores: [...TESTS, "server/lib/clock.ts"], rules: { "no-restricted-globals": noTimers("server/lib/clock.ts") } },
  { files: ["agent/**"], ignores: [...TESTS, "agent/clock.ts"], rules: { "no-restricted-globals": noTimers("agent/clock.ts") } },
  { files: ["app/**/*.tsx", "app/**/*.ts"], ...reactHooks.configs.flat["recommended-latest"] },
  { files: TESTS, rules: { "no-restricted-syntax": syntax(...EVERYWHERE, noSleeps), "@typescript-eslint/no-misused-promises": "off" } },
  // The launcher's modules are plain JavaScript for Node alone.
  { files: ["**/*.mjs", "**/*.cjs"], rules: { "@typescript-eslint/no-require-imports": "off" } },
);

