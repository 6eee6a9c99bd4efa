/** What most dashboards do: one stream of the engine's stats API a container, each line parsed and its CPU worked out. Forked by the bench, so that its CPU is its own. */
import { request } from "node:http";
import { createInterface } from "node:readline";

interface Stats {
  cpu_stats: { cpu_usage: { total_usage: number }; system_cpu_usage?: number; online_cpus?: number };
  precpu_stats: { cpu_usage: { total_usage: number }; system_cpu_usage?: number };
  memory_stats: { usage?: number; stats?: { total_inactive_file?: number; inactive_file?: number } };
}

const [socketPath = "", ...ids] = process.argv.slice(2);
const latest = new Map<string, { cpu: number; memory: number }>();
let lines = 0;
for (const id of ids) {
  request({ socketPath, path: `/containers/${id}/stats?stream=true`, headers: { host: "engine" } }, (answer) => {
    createInterface({ input: answer }).on("line", (line) => {
      const { cpu_stats: now, precpu_stats: before, memory_stats: memory } = JSON.parse(line) as Stats;
      const system = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
      const cpu = system > 0 ? ((now.cpu_usage.total_usage - before.cpu_usage.total_usage) / system) * (now.online_cpus ?? 1) : 0;
      latest.set(id, { cpu, memory: (memory.usage ?? 0) - (memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0) });
      lines++;
    });
  }).end();
}
process.on("message", () => process.send?.({ containers: latest.size, lines }));
