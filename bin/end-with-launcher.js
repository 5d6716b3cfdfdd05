// Loaded into the gateway's process when the launcher runs it in another Node. Invariant: a launcher that dies without a word
// (kill -9) leaves no gateway behind that holds its port; the gateway stops as on SIGTERM.
import cluster from 'node:cluster';

// A worker is started with the same words, but its channel is its primary's: it lives by that and ends with it (node:cluster).
if (cluster.isPrimary) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}
