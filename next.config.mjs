/** @type {import("next").NextConfig} */
export default {
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  // Types and lint are checked by `npm test`; a build on a user's machine only builds.
  typescript: { ignoreBuildErrors: true },
  // A checkout inside another project must not make Next look for its root there.
  turbopack: { root: import.meta.dirname },
};
