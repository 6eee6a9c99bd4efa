/** The hub's clock. It stands in protocol/wire because both ends of the tunnel measure silence with it. */
export { createTestClock, systemClock, type Clock } from "@/protocol/wire/clock";
