import { readFile } from "node:fs/promises";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { transform } from "esbuild";

const ROOT = new URL("../", import.meta.url);
const ENDINGS = ["", ".ts", ".tsx", ".json"];

const isFile = (path) => existsSync(path) && statSync(path).isFile();

/** Our own modules by the alias of tsconfig.json and without their ending; packages as Node finds them. */
export function resolve(specifier, context, next) {
  const ours = context.parentURL?.startsWith(ROOT.href) && !context.parentURL.includes("/node_modules/");
  const base = specifier.startsWith("@/") ? new URL(specifier.slice(2), ROOT) : /^\.{1,2}\//.test(specifier) ? new URL(specifier, context.parentURL) : null;
  if (!ours || base === null) return next(specifier, context);
  const path = ENDINGS.map((ending) => fileURLToPath(base) + ending).find(isFile);
  return path ? { url: pathToFileURL(path).href, shortCircuit: true, format: "module" } : next(specifier, context);
}

export async function load(url, context, next) {
  const [, ending] = /\.(tsx?|json)$/.exec(url) ?? [];
  if (!ending || !url.startsWith(ROOT.href) || url.includes("/node_modules/")) return next(url, context);
  const path = fileURLToPath(url);
  const source = await readFile(path, "utf8");
  if (ending === "json") return { format: "module", source: `export default ${source}`, shortCircuit: true };
  const { code } = await transform(source, { loader: ending, format: "esm", target: "node20", sourcemap: "inline", sourcefile: path, tsconfigRaw: { compilerOptions: { jsx: "react-jsx", verbatimModuleSyntax: true } } });
  return { format: "module", source: code, shortCircuit: true };
}
