/** PROTOCOL.md, derived from the contract. protocol.test.ts holds the file equal to this. */
import { z } from "zod/mini";
import { CONTRACT, VERB_NAMES, type Verb } from "./contract";
import { LIMITS, TIMES } from "./limits";
import { LogPage, LogSearchFrame } from "./logs";
import { Sample } from "./metrics";
import { AgentError, Frame, Hello, OperationHeader, Outcome } from "./shapes";
import { PROTOCOL_HISTORY, PROTOCOL_RANGE } from "./version";

interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  maxLength?: number;
  additionalProperties?: Schema | boolean;
}

/** A shape in the notation of TypeScript, short enough to read in a table. */
function notation(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.map(notation).join(" | ");
  if (schema.type === "array") return `(${notation(schema.items ?? {})})[]`.replace(/^\(([\w ]+|\{.*\})\)\[\]$/, "$1[]");
  if (schema.type === "object" || schema.properties) {
    const fields = Object.entries(schema.properties ?? {}).map(([name, field]) => `${name}${schema.required?.includes(name) ? "" : "?"}: ${notation(field)}`);
    if (fields.length > 0) return `{ ${fields.join("; ")} }`;
    return typeof schema.additionalProperties === "object" ? `{ [name]: ${notation(schema.additionalProperties)} }` : "{}";
  }
  if (schema.pattern) return `/${schema.pattern}/`;
  return String(schema.type ?? "unknown");
}

function shape(schema: z.core.$ZodType, io: "input" | "output"): string {
  return notation(z.toJSONSchema(schema, { io, unrepresentable: "any" }) as Schema);
}

const NAMED: [string, z.core.$ZodType][] = [["Hello", Hello], ["OperationHeader", OperationHeader], ["Outcome", Outcome], ["AgentError", AgentError], ["Sample", Sample], ["LogPage", LogPage], ["LogSearchFrame", LogSearchFrame]];

function outputOf(row: Verb): string {
  if (row.kind === "stream") return "NDJSON, a frame a line";
  if (row.kind === "bytes") return "messages of logs.ts";
  const named = NAMED.find(([, schema]) => schema === row.output);
  return named ? named[0] : `\`${shape(row.output, "output")}\``;
}

function verbRows(): string[] {
  return VERB_NAMES.map((name) => {
    const row: Verb = CONTRACT[name];
    const engine = row.engine ? `\`${row.engine.method} ${row.engine.path}${row.engine.query ? `?${row.engine.query.join("&")}` : ""}\`` : "a handler";
    const cells = [`\`${name}\``, row.does, row.effect, row.permission, engine, `\`${shape(row.input, "input")}\``, outputOf(row), `${row.deadlineMs / 1_000} s`];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
}

/** The whole text of PROTOCOL.md. */
export function renderProtocol(): string {
  const block = (text: string) => ["```", text, "```"];
  return [
    "# The protocol between hub and agent",
    "",
    "Made from `protocol/`; change it there. `npx vitest run protocol -u` writes it anew.",
    "",
    "The agent dials `/agent` with a WebSocket. In it runs TLS 1.3 with the agent as the server; both ends show a self-signed certificate and know each other by its SHA-256. In that runs HTTP/2, again with the agent as the server.",
    "A request is `POST /<verb>` with a JSON body `{ input, operation? }`. The answer is 200 with JSON, or with NDJSON or bytes for a stream; or another status with `{ error: AgentError }`.",
    "The hub asks `session.open` first, then `session.accept` or `session.refuse`. Before it was accepted an agent answers nothing else. A change carries `operation`, an OperationHeader: the same step again has the same outcome and no second effect.",
    "",
    "## Verbs",
    "",
    "| verb | does | effect | right | engine call | input | output | deadline |",
    "|---|---|---|---|---|---|---|---|",
    ...verbRows(),
    "",
    "## Shapes",
    "",
    ...NAMED.flatMap(([name, schema]) => [`### ${name}`, ...block(shape(schema, "output")), ""]),
    "### Frame",
    ...block((z.toJSONSchema(Frame, { unrepresentable: "any" }) as Schema).oneOf?.map(notation).join("\n") ?? shape(Frame, "output")),
    "",
    "## Versions",
    "",
    `This tree speaks ${PROTOCOL_RANGE.oldest} to ${PROTOCOL_RANGE.newest}. The link uses the highest version that both ends speak.`,
    "",
    "| version | since | change |",
    "|---|---|---|",
    ...PROTOCOL_HISTORY.map(({ version, since, change }) => `| ${version} | ${since} | ${change} |`),
    "",
    "## Bounds",
    "",
    "| bound | value |",
    "|---|---|",
    ...Object.entries({ ...LIMITS, ...TIMES }).map(([name, value]) => `| ${name} | ${value.toLocaleString("en")} |`),
    "",
  ].join("\n");
}
