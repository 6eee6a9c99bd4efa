// Loaded into the hub and the local agent before their own code: when the launcher is gone, even by SIGKILL,
// they stop as they would on SIGTERM. The channel alone does not keep them alive.
const stop = () => process.kill(process.pid, "SIGTERM");
process.on("disconnect", stop);
// It may have gone before this line: then the event has passed.
if (process.channel === undefined || !process.connected) stop();
else process.channel.unref();
