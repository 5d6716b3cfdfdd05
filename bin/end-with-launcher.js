// Loaded into the gateway's process when the launcher runs it in another Node. Invariant: a launcher that dies without a word
// (kill -9) leaves no gateway behind that holds its port; the gateway stops as on SIGTERM.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
