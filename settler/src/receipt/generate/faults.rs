//! SFUs that misbehave, each in one way.

use std::collections::BTreeMap;
use std::io;

use radio_payouts_protocol::batch::{Batch, Contribution, Descriptor, Receipt, Rights};
use radio_payouts_protocol::calendar::MAX_CARRY_SECONDS;
use radio_payouts_protocol::registry::MAX_SFU_BYTES_PER_EPOCH;

use super::honest::{WINDOW_MS, World};
use super::{EpochTruth, GenerateError, Plan, PlannedSfu, Signing, bytes_of, lines};

/// Capacity of the SFU `full`.
const SMALL_CAPACITY: u64 = 1_000_000;

/// The SFUs that misbehave.
pub(super) struct Faulty {
    first_epoch: u64,
    equivocator: Signing,
    forgetful: Signing,
    newcomer: Signing,
    latecomer: Signing,
    revisionist: Signing,
    straggler: Signing,
    sloppy: Signing,
    liar: Signing,
    full: Signing,
    /// What `straggler` keeps back.
    kept_back: Option<Batch>,
    /// The window of what `revisionist` keeps back.
    gap_to_ms: u64,
}

/// Where an epoch's input goes and what is expected of it.
struct Run<'a, W> {
    plan: &'a Plan,
    world: &'a World,
    epoch: u64,
    start_ms: u64,
    truths: &'a mut BTreeMap<u64, EpochTruth>,
    write: &'a mut W,
}

impl<W: FnMut(u64, &[u8]) -> io::Result<()>> Run<'_, W> {
    fn truth(&mut self) -> &mut EpochTruth {
        self.truths.entry(self.epoch).or_default()
    }

    /// The honest batch of the so-and-so-many-th ten seconds of this epoch.
    fn batch(&self, sfu: u64, seq: u64, place: u64) -> Batch {
        self.world.batch(sfu, seq, self.start_ms + (place + 1) * WINDOW_MS)
    }

    fn send(&mut self, sfu: &Signing, batch: Batch, answer: &str) -> Result<(), GenerateError> {
        let line = sfu.sign(batch, &self.plan.domain)?;
        self.send_line(&line, answer)
    }

    fn send_line(&mut self, line: &[u8], answer: &str) -> Result<(), GenerateError> {
        (self.write)(self.epoch, line)?;
        self.truth().answer(answer);
        Ok(())
    }

    /// Sends a batch that is held and accepted with all its receipts.
    fn send_good(&mut self, sfu: &mut Signing, number: u64, place: u64) -> Result<(), GenerateError> {
        let batch = sfu.chain(self.batch(number, sfu.next_seq, place));
        self.truth().accept(&batch);
        self.send(sfu, batch, "held")
    }

    /// Sends a batch that is held and gets this verdict.
    fn send_bad(&mut self, sfu: &Signing, batch: Batch, verdict: &str) -> Result<(), GenerateError> {
        self.truth().batch(verdict);
        self.send(sfu, batch, "held")
    }
}

impl Faulty {
    pub(super) fn new(plan: &Plan) -> Self {
        let sfu = |label: &str| Signing::new(plan.seed, label);
        Self {
            first_epoch: plan.first_epoch,
            equivocator: sfu("equivocator"),
            forgetful: sfu("forgetful"),
            newcomer: sfu("newcomer"),
            latecomer: sfu("latecomer"),
            revisionist: sfu("revisionist"),
            straggler: sfu("straggler"),
            sloppy: sfu("sloppy"),
            liar: sfu("liar"),
            full: sfu("full"),
            kept_back: None,
            gap_to_ms: 0,
        }
    }

    pub(super) fn planned(&self) -> Vec<PlannedSfu> {
        let most = MAX_SFU_BYTES_PER_EPOCH;
        vec![
            self.equivocator.planned("equivocator", 0, most),
            self.forgetful.planned("forgetful", 0, most),
            self.newcomer.planned("newcomer", self.first_epoch + 1, most),
            self.latecomer.planned("latecomer", 0, most),
            self.revisionist.planned("revisionist", 0, most),
            self.straggler.planned("straggler", 0, most),
            self.sloppy.planned("sloppy", 0, most),
            self.liar.planned("liar", 0, most),
            self.full.planned("full", 0, SMALL_CAPACITY),
        ]
    }

    /// All that goes wrong in an epoch.
    pub(super) fn epoch<W: FnMut(u64, &[u8]) -> io::Result<()>>(
        &mut self,
        plan: &Plan,
        world: &World,
        honest: &Signing,
        epoch: u64,
        truths: &mut BTreeMap<u64, EpochTruth>,
        write: &mut W,
    ) -> Result<(), GenerateError> {
        let (start_ms, _) = super::windows(plan, epoch)?;
        let mut run = Run { plan, world, epoch, start_ms, truths, write };
        let run = &mut run;
        if epoch == self.first_epoch {
            self.equivocate(run)?;
            self.forget(run)?;
            self.come_too_early(run)?;
            self.leave_gaps(run)?;
        } else if epoch == self.first_epoch + 1 {
            self.come_in_time(run)?;
            self.come_too_late(run)?;
            self.fill_gaps(run)?;
        }
        self.be_sloppy(run)?;
        self.lie(run)?;
        self.overflow(run)?;
        lines::send(plan, world, honest, start_ms, |line, answer| run.send_line(line, answer))
    }

    /// Two batches under number 3; a third one is not kept.
    fn equivocate<W: FnMut(u64, &[u8]) -> io::Result<()>>(
        &mut self,
        run: &mut Run<'_, W>,
    ) -> Result<(), GenerateError> {
        let sfu = &mut self.equivocator;
        run.send_good(sfu, 1_000, 0)?;
        run.send_good(sfu, 1_000, 1)?;
        let prev = sfu.prev;
        let first = sfu.chain(run.batch(1_000, 3, 2));
        let other = |place| Batch { seq: 3, prev, sfu: sfu.did.clone(), ..run.batch(1_001, 3, place) };
        let (second, third) = (other(2), other(4));
        run.send_bad(sfu, first, "stopped")?;
        run.send_bad(sfu, second, "stopped")?;
        run.send(sfu, third, "already_held")?;
        let fourth = sfu.chain(run.batch(1_000, 4, 3));
        run.send_bad(sfu, fourth, "stopped")
    }

    /// Number 2 does not follow number 1.
    fn forget<W: FnMut(u64, &[u8]) -> io::Result<()>>(&mut self, run: &mut Run<'_, W>) -> Result<(), GenerateError> {
        let sfu = &mut self.forgetful;
        run.send_good(sfu, 1_010, 0)?;
        sfu.prev = [9; 32];
        for place in 1..3 {
            let batch = sfu.chain(run.batch(1_010, sfu.next_seq, place));
            run.send_bad(sfu, batch, "stopped")?;
        }
        Ok(())
    }

    /// Held in the first epoch, not looked at until the second, in which it is registered, but was not when it measured.
    fn come_too_early<W: FnMut(u64, &[u8]) -> io::Result<()>>(
        &mut self,
        run: &mut Run<'_, W>,
    ) -> Result<(), GenerateError> {
        let next = run.epoch + 1;
        for place in 0..2 {
            let batch = self.newcomer.chain(run.batch(1_020, self.newcomer.next_seq, place));
            run.send(&self.newcomer, batch, "held")?;
            if run.plan.epochs > 1 {
                run.truths.entry(next).or_default().batch("not_valid");
            }
        }
        Ok(())
    }

    fn come_in_time<W: FnMut(u64, &[u8]) -> io::Result<()>>(
        &mut self,
        run: &mut Run<'_, W>,
    ) -> Result<(), GenerateError> {
        run.send_good(&mut self.newcomer, 1_020, 0)
    }

    fn come_too_late<W: FnMut(u64, &[u8]) -> io::Result<()>>(
        &mut self,
        run: &mut Run<'_, W>,
    ) -> Result<(), GenerateError> {
        let carry_ms = MAX_CARRY_SECONDS.unsigned_abs() * 1_000;
        // The parent ends where this epoch begins.
        let Some(to_ms) = run.start_ms.checked_sub(carry_ms + 1) else { return Ok(()) };
        if run.plan.calendar.epoch_at_ms(to_ms).is_none() {
            return Ok(());
        }
        let late = self.latecomer.chain(run.world.batch(1_030, 1, to_ms));
        run.send_bad(&self.latecomer, late, "late")?;
        let mut just_in_time = run.world.batch(1_030, 2, to_ms + 1);
        // Its window begins where the late one's ended: a rejected window excludes nothing.
        just_in_time.from = to_ms + 1 - WINDOW_MS;
        let batch = self.latecomer.chain(just_in_time);
        run.truth().accept(&batch);
        run.send(&self.latecomer, batch, "held")
    }

    fn leave_gaps<W: FnMut(u64, &[u8]) -> io::Result<()>>(
        &mut self,
        run: &mut Run<'_, W>,
    ) -> Result<(), GenerateError> {
        for (sfu, number) in [(&mut self.straggler, 1_040), (&mut self.revisionist, 1_050)] {
            run.send_good(sfu, number, 0)?;
            let kept = sfu.chain(run.batch(number, 2, 1));
            run.send_good(sfu, number, 2)?;
            run.send_good(sfu, number, 3)?;
            self.gap_to_ms = kept.to;
            if number == 1_040 {
                self.kept_back = Some(kept);
            }
        }
        Ok(())
    }

    fn fill_gaps<W: FnMut(u64, &[u8]) -> io::Result<()>>(&mut self, run: &mut Run<'_, W>) -> Result<(), GenerateError> {
        if let Some(batch) = self.kept_back.take() {
            let truth = run.truth();
            truth.accept(&batch);
            truth.carried += 1;
            run.send(&self.straggler, batch, "held")?;
        }
        let other = run.world.batch(1_051, 2, self.gap_to_ms);
        let other = Batch { seq: 2, prev: [7; 32], sfu: self.revisionist.did.clone(), ..other };
        run.send_bad(&self.revisionist, other, "chain_broken")?;
        run.send_good(&mut self.straggler, 1_040, 0)?;
        run.send_good(&mut self.revisionist, 1_050, 0)
    }

    /// Windows of half a second, of 61 seconds, and one over its predecessor's, between good ones.
    fn be_sloppy<W: FnMut(u64, &[u8]) -> io::Result<()>>(&mut self, run: &mut Run<'_, W>) -> Result<(), GenerateError> {
        let sfu = &mut self.sloppy;
        run.send_good(sfu, 1_060, 0)?;
        let start = run.start_ms;
        let windows = [
            (start + 20_000, start + 20_500),
            (start + 30_000, start + 91_000),
            (start + 5_000, start + 15_000),
            (start + 31_000, start + 30_000),
        ];
        for (from, to) in windows {
            let batch = Batch { from, to, receipts: vec![], tracks: vec![], ..run.batch(1_060, sfu.next_seq, 1) };
            let batch = sfu.chain(batch);
            run.send_bad(sfu, batch, "bad_window")?;
        }
        run.send_good(sfu, 1_060, 9)
    }

    /// One batch in which every rule for receipts is broken once, `bad_time` at both ends.
    fn lie<W: FnMut(u64, &[u8]) -> io::Result<()>>(&mut self, run: &mut Run<'_, W>) -> Result<(), GenerateError> {
        let to = run.start_ms + WINDOW_MS;
        let from = to - WINDOW_MS;
        let good = |room: &str, track: &str| Receipt {
            acks: Some(vec!["ack".to_owned()]),
            contributors: vec![Contribution { bytes_out: 1_000, did: run.world.contributor(7).to_owned(), role: None }],
            recipients: 1,
            room_id: room.to_owned(),
            timestamp: to,
            track_id: track.to_owned(),
        };
        let nobody = Contribution { bytes_out: 1, did: "nobody".to_owned(), role: None };
        // 20 000 kbit/s over ten seconds are 25 000 000 bytes for one recipient.
        let bytes = |bytes_out| vec![Contribution { bytes_out, did: run.world.contributor(3).to_owned(), role: None }];
        let mut two = good("bad did", "t").contributors;
        two.push(nobody);
        let receipts = vec![
            (good("good", "t"), "accepted"),
            (Receipt { contributors: two, ..good("bad did", "t") }, "bad_did"),
            (Receipt { timestamp: from, ..good("too early", "t") }, "bad_time"),
            (Receipt { timestamp: to + 1, ..good("too late", "t") }, "bad_time"),
            (good("good", "t"), "duplicate"),
            (good("bad did", "t"), "duplicate"),
            (Receipt { contributors: vec![], ..good("empty", "t") }, "no_contributors"),
            (good("good", "licensed"), "unlicensed"),
            (Receipt { contributors: bytes(25_000_000), ..good("at the bound", "t") }, "accepted"),
            (Receipt { contributors: bytes(25_000_001), ..good("over the bound", "t") }, "bytes_over_bound"),
            (Receipt { recipients: 0, ..good("nobody listens", "t") }, "bytes_over_bound"),
            (Receipt { recipients: 0, contributors: bytes(0), ..good("silence", "t") }, "accepted"),
        ];
        let describe = |track: &str, rights| Descriptor {
            metadata: None,
            rights,
            track_id: track.to_owned(),
            uploader: run.world.contributor(7).to_owned(),
        };
        let batch = Batch {
            from,
            receipts: receipts.iter().map(|(receipt, _)| receipt.clone()).collect(),
            to,
            tracks: vec![describe("licensed", Rights::Licensed), describe("t", Rights::Original)],
            ..run.batch(1_070, self.liar.next_seq, 0)
        };
        let batch = self.liar.chain(batch);
        let truth = run.truth();
        truth.batch("accepted");
        for (receipt, verdict) in &receipts {
            truth.receipt(verdict, 1);
            if *verdict == "accepted" {
                truth.accepted_bytes += receipt.contributors.iter().map(|entry| entry.bytes_out).sum::<u64>();
            }
        }
        run.send(&self.liar, batch, "held")
    }

    /// Up to the capacity to the byte, then one too many, after which nothing fits any more.
    fn overflow<W: FnMut(u64, &[u8]) -> io::Result<()>>(&mut self, run: &mut Run<'_, W>) -> Result<(), GenerateError> {
        let filled = |run: &Run<'_, W>, place, seq, amounts: &[u64]| {
            let to = run.start_ms + (place + 1) * WINDOW_MS;
            let did = run.world.contributor(2).to_owned();
            let receipts: Vec<Receipt> = (0..)
                .zip(amounts)
                .map(|(room, bytes_out): (u32, &u64)| Receipt {
                    acks: None,
                    contributors: vec![Contribution { bytes_out: *bytes_out, did: did.clone(), role: None }],
                    recipients: 1,
                    room_id: format!("room {room}"),
                    timestamp: to,
                    track_id: "t".to_owned(),
                })
                .collect();
            let descriptor =
                Descriptor { metadata: None, rights: Rights::Cc, track_id: "t".to_owned(), uploader: did.clone() };
            Batch { receipts, tracks: vec![descriptor], ..run.batch(1_080, seq, place) }
        };
        let first = self.full.chain(filled(run, 0, self.full.next_seq, &[SMALL_CAPACITY - 10, 10]));
        let second = self.full.chain(filled(run, 1, self.full.next_seq, &[1, 0]));
        let truth = run.truth();
        truth.accept(&first);
        truth.batch("accepted");
        truth.receipt("sfu_over_capacity", 2);
        debug_assert_eq!(bytes_of(&first), SMALL_CAPACITY);
        run.send(&self.full, first, "held")?;
        run.send(&self.full, second, "held")
    }
}
