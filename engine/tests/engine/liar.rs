//! Engines that report success and are wrong, as a distributed one was found to be after an executor was killed.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, Decimal128Array, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Decimal128Type};
use radio_payouts_engine::engine::{Each, Engine};
use radio_payouts_engine::plan::Tables;
use radio_payouts_engine::{DataFusion, EngineError, sql};

use crate::world::World;

/// What is done to the result of one query.
#[derive(Clone, Copy, Debug)]
enum Lie {
    LastRowLost,
    LastRowTwice,
    SumsDoubled,
    Nothing,
}

/// Lies about the query of this number.
struct Liar {
    honest: DataFusion,
    query: usize,
    lie: Lie,
    asked: std::sync::atomic::AtomicUsize,
    /// The query that was lied about.
    about: std::sync::Mutex<String>,
}

impl Engine for Liar {
    fn run(&self, tables: &Tables, sql: &str, each: Each<'_>) -> Result<(), EngineError> {
        let number = self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        if number != self.query {
            return self.honest.run(tables, sql, each);
        }
        sql.clone_into(&mut self.about.lock().unwrap());
        let mut pieces = Vec::new();
        self.honest.run(tables, sql, &mut |piece| {
            pieces.push(piece.clone());
            Ok(())
        })?;
        let Some(schema) = pieces.first().map(RecordBatch::schema) else { return Ok(()) };
        let rows = concat_batches(&schema, &pieces).unwrap();
        let last = rows.num_rows() - 1;
        each(&match self.lie {
            Lie::LastRowLost => rows.slice(0, last),
            Lie::LastRowTwice => concat_batches(&schema, [&rows, &rows.slice(last, 1)]).unwrap(),
            Lie::SumsDoubled => doubled(&rows),
            Lie::Nothing => rows,
        })
    }
}

fn doubled(rows: &RecordBatch) -> RecordBatch {
    let double = |column: &ArrayRef| -> ArrayRef {
        match column.data_type() {
            DataType::Decimal128(..) => {
                let doubled: Decimal128Array =
                    column.as_primitive::<Decimal128Type>().unary::<_, Decimal128Type>(|sum| sum * 2);
                Arc::new(doubled.with_data_type(column.data_type().clone()))
            }
            _ => column.clone(),
        }
    };
    RecordBatch::try_new(rows.schema(), rows.columns().iter().map(double).collect()).unwrap()
}

impl Liar {
    fn new(world: &World, query: usize, lie: Lie) -> Self {
        Self { honest: world.data_fusion(), query, lie, asked: 0.into(), about: String::new().into() }
    }
}

#[test]
fn a_result_that_loses_or_repeats_anything_is_refused() {
    // A world with rejected receipts.
    let (world, _, expected) = (0..)
        .map(World::with_cells)
        .find(|(_, _, settlement)| {
            settlement.batches.iter().any(|batch| batch.receipts.verdicts.iter().any(Option::is_some))
        })
        .unwrap();
    let honest = Liar::new(&world, 0, Lie::Nothing);
    world.settle_with(&honest).unwrap();
    let queries = honest.asked.into_inner();
    assert!(queries >= 6, "batches, tracks, names of tracks, rejected receipts, DIDs, cells");
    for query in 0..queries {
        for lie in [Lie::LastRowLost, Lie::LastRowTwice, Lie::SumsDoubled] {
            let liar = Liar::new(&world, query, lie);
            let settled = world.settle_with(&liar);
            let about = liar.about.into_inner().unwrap();
            // A name that nobody needs may be lost, and what has no sums is not changed by doubling them.
            let is_name = about == sql::dids() || about == sql::track_names();
            let may_pass = match lie {
                Lie::LastRowLost => is_name,
                Lie::SumsDoubled => is_name || !about.contains("sum("),
                Lie::LastRowTwice | Lie::Nothing => false,
            };
            match settled {
                Err(EngineError::Refused(_)) => {}
                Ok(found) => assert!(may_pass && found == expected, "{lie:?} was believed: {about}"),
                Err(other) => panic!("{lie:?}: {other}: {about}"),
            }
        }
    }
}
