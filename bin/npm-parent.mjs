// npm passes SIGTERM only to the shell it started us from, and that shell dies of it without telling us:
// seen with npm 11 and dash, where `kill` of `npm start` left everything running.
const LOOK_MS = 250;

/** Under npm, calls `onGone` once when npm's shell is gone; elsewhere a missing parent means nothing. */
export function whenNpmIsGone(onGone) {
  if (!process.env.npm_lifecycle_event) return;
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(looking);
    onGone();
  }, LOOK_MS);
  looking.unref();
}
