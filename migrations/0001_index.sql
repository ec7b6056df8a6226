-- The store's index: a cache over the pack files under batches/, rebuilt from them by `settler store rebuild`.
-- Nothing that a payout depends on is only here.

-- One file of signed envelopes, a ZSTD frame each, written once; before, lines.
CREATE TABLE packs (
    id          INTEGER PRIMARY KEY,
    -- Path below batches/: <day>/<received_ms>-<sha256 of the file>.ndjson.zst (.ndjson in stores of before)
    name        TEXT    NOT NULL UNIQUE,
    received_ms INTEGER NOT NULL,
    length      INTEGER NOT NULL
) STRICT;

CREATE TABLE sfus (
    id  INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE CHECK (length(key) = 32)
) STRICT;

-- Every held batch (section 4.4 of the protocol page).
CREATE TABLE batches (
    sfu      INTEGER NOT NULL REFERENCES sfus (id),
    seq      INTEGER NOT NULL CHECK (seq > 0),
    hash     BLOB    NOT NULL CHECK (length(hash) = 32),
    prev     BLOB    NOT NULL CHECK (length(prev) = 32),
    from_ms  INTEGER NOT NULL,
    to_ms    INTEGER NOT NULL,
    receipts INTEGER NOT NULL,
    pack     INTEGER NOT NULL REFERENCES packs (id),
    start    INTEGER NOT NULL,
    length   INTEGER NOT NULL,
    -- 1 if the SFU's `stop` is at most this seq: a second hash under it, or a first whose `prev` is another's.
    stops    INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (sfu, seq, hash)
) STRICT, WITHOUT ROWID;

CREATE INDEX batches_by_hash ON batches (hash);
CREATE INDEX batches_that_stop ON batches (sfu, seq) WHERE stops = 1;
