//! A column of keys as Parquet: a dictionary of those that occur, and for every row a place in it.
//!
//! The crate `parquet` would look every value of 32 bytes up in a hash table; rows know their places already.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use radio_payouts_protocol::hash::Hash;

use super::hybrid;

/// Rows of a page.
const PAGE: usize = 1 << 16;

/// The pages of a column chunk, and what its row group has to say of them. Random keys and packed places do not compress.
pub(super) fn chunk(
    column: &ColumnDescPtr,
    mut places: Vec<u32>,
    keys: &[Hash],
) -> Result<(Bytes, ColumnCloseResult), ParquetError> {
    let dictionary = renumber(&mut places, keys)?;
    let count = dictionary.len() / size_of::<Hash>();
    let width = hybrid::width(count);
    let mut sink = TrackedWrite::new(Vec::with_capacity(dictionary.len() + places.len() * usize::from(width) / 8));
    let mut writer = SerializedPageWriter::new(&mut sink);
    let mut uncompressed = 0;
    let mut write = |page: Page| {
        let length = page.buffer().len();
        let spec = writer.write_page(CompressedPage::new(page, length))?;
        uncompressed += spec.uncompressed_size;
        Ok::<_, ParquetError>(spec.offset)
    };
    let dictionary_page = write(Page::DictionaryPage {
        buf: dictionary.into(),
        num_values: number(count)?,
        encoding: Encoding::PLAIN,
        is_sorted: false,
    })?;
    let mut first_page = None;
    for places in places.chunks(PAGE) {
        let mut encoded = vec![width];
        hybrid::encode(places, width, &mut encoded);
        let offset = write(Page::DataPage {
            buf: encoded.into(),
            num_values: number(places.len())?,
            encoding: Encoding::RLE_DICTIONARY,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        })?;
        first_page.get_or_insert(offset);
    }
    let pages = sink.into_inner()?;
    let signed = |number: u64| i64::try_from(number).map_err(too_long);
    let length = signed(pages.len() as u64)?;
    let metadata = ColumnChunkMetaData::builder(column.clone())
        .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, Encoding::RLE_DICTIONARY])
        .set_compression(Compression::UNCOMPRESSED)
        .set_num_values(signed(places.len() as u64)?)
        .set_total_compressed_size(length)
        .set_total_uncompressed_size(signed(uncompressed as u64)?)
        .set_dictionary_page_offset(Some(signed(dictionary_page)?))
        .set_data_page_offset(signed(first_page.unwrap_or(pages.len() as u64))?)
        .build()?;
    let closed = ColumnCloseResult {
        bytes_written: pages.len() as u64,
        rows_written: places.len() as u64,
        metadata,
        bloom_filter: None,
        column_index: None,
        offset_index: None,
    };
    Ok((pages.into(), closed))
}

/// Makes places among `keys` places among those keys that occur, and returns these.
fn renumber(places: &mut [u32], keys: &[Hash]) -> Result<Vec<u8>, ParquetError> {
    const ABSENT: u32 = u32::MAX;
    let least = places.iter().min().copied().unwrap_or_default();
    let greatest = places.iter().max().copied().unwrap_or_default();
    let among = keys.get(least as usize..=greatest as usize).ok_or_else(|| too_long("a key has no place"))?;
    let mut numbers = vec![ABSENT; among.len()];
    let absent = || too_long("a key has no place");
    for place in places.iter() {
        *numbers.get_mut((place - least) as usize).ok_or_else(absent)? = 0;
    }
    let mut dictionary = Vec::new();
    let occurring = numbers.iter_mut().zip(among).filter(|(number, _)| **number != ABSENT);
    for (next, (number, key)) in (0u32..).zip(occurring) {
        *number = next;
        dictionary.extend_from_slice(key);
    }
    for place in places {
        *place = *numbers.get((*place - least) as usize).ok_or_else(absent)?;
    }
    Ok(dictionary)
}

fn number(count: usize) -> Result<u32, ParquetError> {
    u32::try_from(count).map_err(too_long)
}

fn too_long(error: impl std::fmt::Display) -> ParquetError {
    ParquetError::General(error.to_string())
}
