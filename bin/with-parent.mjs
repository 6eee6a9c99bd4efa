// Loaded into the hub and the local agent before their own code: when the launcher is gone, even by SIGKILL,
// they stop as they would on SIGTERM. The channel alone does not keep them alive.
process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
