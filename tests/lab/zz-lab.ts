import { startLab } from "@/tests/lab/lab";
const lab = await startLab({ hosts: 1, bare: false });
console.log(lab.host(1).socket, process.pid);
process.on("SIGTERM", async () => { await lab.down(); process.exit(0); });
setInterval(() => {}, 1000);
