//! The same batch with its text owned or borrowed.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use super::{Batch, Contribution, Descriptor, Envelope, Metadata, Receipt, Received};

impl Received<Cow<'_, str>> {
    /// The same with every text copied.
    pub(super) fn into_owned(self) -> Received {
        self.map(Cow::into_owned)
    }
}

impl Received {
    /// The same, as a receiver that borrows has it.
    pub(super) fn into_borrowed<'a>(self) -> Received<Cow<'a, str>> {
        self.map(Cow::Owned)
    }
}

impl Batch<Cow<'_, str>> {
    /// The batch with every text copied.
    #[must_use]
    pub fn into_owned(self) -> Batch {
        self.map(&|text: Cow<'_, str>| text.into_owned())
    }
}

impl<S> Received<S> {
    fn map<T>(self, each: impl Fn(S) -> T) -> Received<T> {
        let Self { envelope: Envelope { batch, sig }, sfu_key, hash } = self;
        Received { envelope: Envelope { batch: batch.map(&each), sig }, sfu_key, hash }
    }
}

impl<S> Batch<S> {
    fn map<T>(self, each: &impl Fn(S) -> T) -> Batch<T> {
        let Self { from, prev, receipts, seq, sfu, to, tracks, v } = self;
        let receipts = receipts.into_iter().map(|receipt| receipt.map(each)).collect();
        let tracks = tracks.into_iter().map(|descriptor| descriptor.map(each)).collect();
        Batch { from, prev, receipts, seq, sfu: each(sfu), to, tracks, v }
    }
}

impl<S> Receipt<S> {
    fn map<T>(self, each: &impl Fn(S) -> T) -> Receipt<T> {
        let Self { acks, contributors, recipients, room_id, timestamp, track_id } = self;
        let contribution = |Contribution { bytes_out, did, role }| Contribution { bytes_out, did: each(did), role };
        Receipt {
            acks: acks.map(|acks| acks.into_iter().map(each).collect::<Vec<T>>()),
            contributors: contributors.into_iter().map(contribution).collect(),
            recipients,
            room_id: each(room_id),
            timestamp,
            track_id: each(track_id),
        }
    }
}

impl<S> Descriptor<S> {
    fn map<T>(self, each: &impl Fn(S) -> T) -> Descriptor<T> {
        let Self { metadata, rights, track_id, uploader } = self;
        let metadata = metadata.map(|metadata| {
            let Metadata { album, artist, artwork, duration_ms, genre, isrc, license, title } = metadata;
            Metadata {
                album: album.map(each),
                artist: artist.map(each),
                artwork: artwork.map(each),
                duration_ms,
                genre: genre.map(each),
                isrc: isrc.map(each),
                license: license.map(each),
                title: title.map(each),
            }
        });
        Descriptor { metadata, rights, track_id: each(track_id), uploader: each(uploader) }
    }
}
