-- CreateTable
CREATE TABLE "SampleRow" (
    "hostId" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" DATETIME NOT NULL,
    "receivedAt" DATETIME NOT NULL,
    "late" BOOLEAN NOT NULL,
    "document" BLOB NOT NULL,

    PRIMARY KEY ("hostId", "epoch", "seq")
);

-- CreateTable
CREATE TABLE "BoxRow" (
    "hostId" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" DATETIME NOT NULL,
    "receivedAt" DATETIME NOT NULL,
    "target" TEXT NOT NULL,
    "runtimeId" TEXT NOT NULL,
    "eventEpoch" INTEGER NOT NULL,
    "eventSeq" INTEGER NOT NULL,
    "late" BOOLEAN NOT NULL,
    "document" BLOB NOT NULL,

    PRIMARY KEY ("hostId", "epoch", "seq")
);

-- CreateTable
CREATE TABLE "GapRow" (
    "hostId" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "seq" INTEGER NOT NULL,
    "at" DATETIME NOT NULL,
    "receivedAt" DATETIME NOT NULL,
    "since" DATETIME,
    "until" DATETIME,
    "why" TEXT NOT NULL,

    PRIMARY KEY ("hostId", "epoch", "seq")
);

-- AlterTable: added in place, where the table could hold 200,000 rows.
ALTER TABLE "EventRow" ADD COLUMN "late" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "EventRow" ADD COLUMN "receivedAt" DATETIME;

-- CreateIndex
CREATE INDEX "SampleRow_receivedAt_idx" ON "SampleRow"("receivedAt");

-- CreateIndex
CREATE INDEX "BoxRow_hostId_eventEpoch_eventSeq_idx" ON "BoxRow"("hostId", "eventEpoch", "eventSeq");

-- CreateIndex
CREATE INDEX "BoxRow_target_at_idx" ON "BoxRow"("target", "at");

-- CreateIndex
CREATE INDEX "BoxRow_receivedAt_idx" ON "BoxRow"("receivedAt");

-- CreateIndex
CREATE INDEX "GapRow_hostId_at_idx" ON "GapRow"("hostId", "at");

-- CreateIndex
CREATE INDEX "GapRow_receivedAt_idx" ON "GapRow"("receivedAt");

