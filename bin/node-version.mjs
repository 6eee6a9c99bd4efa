// Written in the oldest syntax that still parses as a module, so that an old Node says this sentence and
// not "SyntaxError". Every command imports this file first and everything else afterwards, dynamically.
var wanted = [20, 19];

/** Ends the process with one clear sentence when Node is older than the project needs. */
export function requireNode() {
  var have = process.versions.node.split(".").map(Number);
  if (have[0] > wanted[0] || (have[0] === wanted[0] && have[1] >= wanted[1])) return;
  console.error(
    "Binnacle needs Node " + wanted.join(".") + " or later, and this is Node " + process.versions.node +
    ". Install a newer Node (for example the current LTS), then run the command again.",
  );
  process.exit(1);
}
