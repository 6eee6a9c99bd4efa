/**
 * Every bound of the link, named once and used on both sides. Each says whom it protects.
 * Units are in the name; counts have none.
 */
export const LIMITS = {
  /** One WebSocket message. Protects the reader from a single huge frame. */
  messageBytes: 1 << 20,
  /** HTTP/2 flow-control window of one stream. Protects the hub from one fast agent. */
  streamWindowBytes: 256 * 1024,
  /** HTTP/2 flow-control window of a whole tunnel. */
  sessionWindowBytes: 1 << 20,
  /** Memory that Node's HTTP/2 may hold for one session, in megabytes. */
  sessionMemoryMegabytes: 10,
  /** Streams open at once on one tunnel. Protects the agent from a runaway hub. */
  concurrentStreams: 64,
  /** Header pairs in one request or answer. */
  headerPairs: 32,
  /** Bytes of all headers in one request or answer. */
  headerBytes: 8 * 1024,
  /** Settings entries in one HTTP/2 SETTINGS frame. */
  settingsEntries: 16,
  /** Pings sent and not yet answered. */
  outstandingPings: 4,
  /** A JSON request body. Protects the agent. */
  requestBytes: 64 * 1024,
  /** A JSON answer that is not a stream. Protects the hub; the largest real inspect seen is 200 KB. */
  answerBytes: 4 << 20,
  /** One line of an NDJSON stream. Protects the hub from a line that never ends. */
  lineBytes: 1 << 20,
  /** Depth of nested JSON that either side will parse. */
  jsonDepth: 64,
  /** WebSocket messages a tunnel may carry in a second, averaged over ten: 320 MB/s at one TLS record a message. Protects the hub's event loop. */
  messagesPerSecond: 20_000,
  /** Bytes that may come in ten seconds without reaching a reader. Protects both from padding and control frames. */
  unusedBytes: 4 << 20,
  /** Pings and settings that one end takes in ten seconds; an honest end sends two or three. */
  controlFrames: 64,
  /** Fragments of one WebSocket message; neither end sends any. */
  messageFragments: 64,
  /** Requests open or waiting on one tunnel. Protects the hub from its own callers. */
  openRequests: 512,
  /** Tunnels in their handshake at once, in all and from one address. Protects the hub from half-made ones. */
  handshakes: 1_024,
  handshakesPerAddress: 640,
  /** Handshakes worked on at once; the others wait in line. All at once would make all late, and none succeed. */
  handshakesAtOnce: 32,
  /** Tunnels that one address may open at once, and each second after that. Protects the hub from a reconnect storm. */
  connectBurst: 640,
  connectsPerSecond: 50,
  /** Addresses whose rate is remembered. */
  connectAddresses: 4_096,
  /** Bytes that all tunnels together may hold unread in the hub. */
  hubUnreadBytes: 64 << 20,
  /** Bytes read by the hub between two looks at what it holds unread. */
  hubUnreadLookBytes: 4 << 20,
  /** Containers in one part of a snapshot. Keeps a part well under lineBytes. */
  snapshotPart: 100,
  /** Labels kept of one container, and the length of one value. Protects every list from a 1 MB label. */
  labels: 64,
  labelValueChars: 512,
  /** Published ports kept of one container. */
  ports: 64,
  /** Any name, image reference, or error text. */
  textChars: 1_024,
  /** Bytes on the host's disk for what happened and was measured while no hub read it. */
  spoolBytes: 32 << 20,
  /** Log lines kept beside a death, their bytes in all, and the bytes kept of one. */
  boxLines: 200,
  boxLogBytes: 256 * 1024,
  boxLineBytes: 8 * 1024,
  /** Bytes of an inspect document kept beside a death. */
  boxInspectBytes: 256 * 1024,
  /** Points of the metric window kept beside a death: 15 minutes of them. */
  boxPoints: 90,
  /** Running containers in one sample. Keeps it under lineBytes. */
  sampleContainers: 2_000,
  /** Mounted disks in one sample. */
  sampleDisks: 32,
  /** One message of a log stream. Protects the page. */
  logMessageBytes: 1 << 20,
  /** Text of one batch before packing. */
  logBatchBytes: 256 * 1024,
  /** One line of a log, joined from its parts. A longer one is shown in pieces. Protects whoever shows it. */
  logLineBytes: 256 * 1024,
  /** Lines that a reader may ask for from the end. */
  logTailLines: 50_000,
  /** Lines and characters of one page of older lines. */
  logPageLines: 2_000,
  logPageBytes: 2 << 20,
  /** One search: the pattern, the containers, the hits, and the characters of one hit. */
  logPatternChars: 1_024,
  logSearchContainers: 1_000,
  logSearchHits: 1_000,
  logHitChars: 4_096,
} as const;

/** Times of the link, in milliseconds. */
export const TIMES = {
  /** Between heartbeats, on both layers. */
  heartbeatMs: 5_000,
  /** No byte read for this long, while our own event loop is on time: the tunnel is ended. */
  silenceMs: 15_000,
  /** From the WebSocket's opening to an accepted session. */
  handshakeMs: 10_000,
  /** A live tunnel that does not answer a ping for this long gives way to a new one of the same host. */
  proofMs: 2_000,
  /** How long a handshake keeps others waiting in line: one that stalls is not waited for. */
  handshakeTurnMs: 1_000,
  /** A request's body must be whole by then. */
  requestMs: 10_000,
  /** How long a whole answer may wait in the agent for a hub that does not read it. */
  answerMs: 30_000,
  /** First and longest wait before dialling again; full jitter between. */
  backoffFirstMs: 500,
  backoffLongestMs: 15_000,
  /** Between two samples; and while somebody looks. */
  sampleMs: 10_000,
  sampleLiveMs: 1_000,
  /** What the pages show of the past, and what a death keeps of it. */
  windowMs: 15 * 60_000,
  /** How long an agent keeps the result of an operation. */
  operationMemoryMs: 24 * 3_600_000,
} as const;
