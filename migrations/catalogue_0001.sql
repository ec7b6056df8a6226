-- The service's catalogue of sealed epochs: look-ups for the API, made once for each epoch from its folder.
-- A cache: delete DATA/service and it is made again. Numbers of 64 bits are stored as the same bits, signed.

CREATE TABLE epochs (
    id         INTEGER PRIMARY KEY,
    epoch      INTEGER NOT NULL UNIQUE,
    commitment BLOB    NOT NULL CHECK (length(commitment) = 32),
    -- manifest.json without its lists: statement, parameters, totals.
    manifest   TEXT    NOT NULL
) STRICT;

CREATE TABLE files (
    epoch  INTEGER NOT NULL REFERENCES epochs (id),
    name   TEXT    NOT NULL,
    sha256 BLOB    NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (epoch, name)
) STRICT, WITHOUT ROWID;

-- Everybody whom a judged batch names, whether it counts or not.
CREATE TABLE contributors (
    id    INTEGER PRIMARY KEY,
    did   TEXT NOT NULL UNIQUE,
    -- Known from the first share on; NULL also where the DID has no payee of its own.
    payee BLOB
) STRICT;
CREATE INDEX contributors_by_payee ON contributors (payee, id) WHERE payee IS NOT NULL;

CREATE TABLE shares (
    epoch           INTEGER NOT NULL REFERENCES epochs (id),
    contributor     INTEGER NOT NULL REFERENCES contributors (id),
    leaf            INTEGER,
    bytes           INTEGER NOT NULL,
    effective_bytes INTEGER NOT NULL,
    raw             INTEGER NOT NULL,
    amount          INTEGER NOT NULL,
    reason          TEXT,
    PRIMARY KEY (epoch, contributor)
) STRICT, WITHOUT ROWID;
CREATE INDEX shares_by_contributor ON shares (contributor, epoch);
CREATE INDEX shares_by_amount ON shares (epoch, amount, contributor);

CREATE TABLE tracks (
    epoch           INTEGER NOT NULL REFERENCES epochs (id),
    number          INTEGER NOT NULL,
    sfu             BLOB    NOT NULL,
    track_id        TEXT    NOT NULL,
    bytes           INTEGER NOT NULL,
    recipient_ms    TEXT    NOT NULL,
    listener_ms     TEXT    NOT NULL,
    kbps            TEXT    NOT NULL,
    metadata_fields INTEGER NOT NULL,
    PRIMARY KEY (epoch, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX tracks_by_bytes ON tracks (epoch, bytes, number);

-- Bytes and every factor, in bps.
CREATE TABLE cells (
    epoch         INTEGER NOT NULL REFERENCES epochs (id),
    contributor   INTEGER NOT NULL REFERENCES contributors (id),
    number        INTEGER NOT NULL,
    track         INTEGER NOT NULL,
    role          TEXT    NOT NULL,
    hour          INTEGER NOT NULL,
    bytes         INTEGER NOT NULL,
    role_bps      INTEGER NOT NULL,
    consistency   INTEGER NOT NULL,
    peak          INTEGER NOT NULL,
    long_term     INTEGER NOT NULL,
    time          INTEGER NOT NULL,
    high_quality  INTEGER NOT NULL,
    metadata_rich INTEGER NOT NULL,
    popular       INTEGER NOT NULL,
    quality       INTEGER NOT NULL,
    weight_e12    TEXT    NOT NULL,
    PRIMARY KEY (epoch, contributor, number)
) STRICT, WITHOUT ROWID;

-- Every judged batch, and where its envelope is in the SFU's file.
CREATE TABLE batches (
    id             INTEGER PRIMARY KEY,
    epoch          INTEGER NOT NULL REFERENCES epochs (id),
    sfu            BLOB    NOT NULL,
    seq            INTEGER NOT NULL,
    verdict        TEXT    NOT NULL,
    receipts       INTEGER NOT NULL,
    accepted_bytes INTEGER NOT NULL,
    start          INTEGER NOT NULL,
    length         INTEGER NOT NULL
) STRICT;
CREATE INDEX batches_by_epoch ON batches (epoch, sfu, seq);

-- Which judged batches name whom, and how many of their receipts do.
CREATE TABLE mentions (
    contributor INTEGER NOT NULL REFERENCES contributors (id),
    epoch       INTEGER NOT NULL REFERENCES epochs (id),
    batch       INTEGER NOT NULL REFERENCES batches (id),
    receipts    INTEGER NOT NULL,
    PRIMARY KEY (contributor, epoch, batch)
) STRICT, WITHOUT ROWID;

-- Rejected batches (position -1) and rejected receipts of accepted ones.
CREATE TABLE rejected (
    epoch    INTEGER NOT NULL REFERENCES epochs (id),
    batch    INTEGER NOT NULL REFERENCES batches (id),
    position INTEGER NOT NULL,
    verdict  TEXT    NOT NULL,
    room_id  TEXT    NOT NULL,
    track_id TEXT    NOT NULL,
    bytes    INTEGER NOT NULL,
    PRIMARY KEY (epoch, batch, position)
) STRICT, WITHOUT ROWID;

-- How many batches and receipts got which verdict.
CREATE TABLE verdicts (
    epoch   INTEGER NOT NULL REFERENCES epochs (id),
    kind    TEXT    NOT NULL CHECK (kind IN ('batch', 'receipt')),
    verdict TEXT    NOT NULL,
    count   INTEGER NOT NULL,
    PRIMARY KEY (epoch, kind, verdict)
) STRICT, WITHOUT ROWID;
