/**
 * What Node is told when it runs the hub. Each byte that passes through it lies outside V8's heap, held by a
 * small object inside; with V8's own size for young objects the whole heap is searched about a hundred times
 * a gigabyte, because too much hangs on objects that died long ago. With a small one it is once.
 */
export const HUB_FLAGS = ["--max-semi-space-size=4"];
