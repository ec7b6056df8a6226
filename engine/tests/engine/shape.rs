//! How DataFusion runs the plan: what it holds in memory and what it reads.

use radio_payouts_engine::DataFusion;
use radio_payouts_engine::column::Columns;
use radio_payouts_engine::engine::Engine as _;
use radio_payouts_engine::plan::Catalogue;
use radio_payouts_engine::sql;
use radio_payouts_protocol::batch::BatchHeader;
use radio_payouts_protocol::params::Params;

use crate::world::World;

#[test]
fn only_the_list_of_batches_is_held_in_memory_by_a_join() {
    let (world, _, settlement) = World::with_cells(2);
    let accepted: Vec<BatchHeader> = settlement.batches.iter().map(|batch| batch.header).collect();
    let plan = Catalogue::find(&world.rows, &accepted).unwrap().plan(&accepted, &world.work()).unwrap();
    let params = Params::demo();
    let shard = plan.by_shard.iter().find(|tables| !tables.contributions.is_empty()).unwrap();
    for (tables, sql) in [
        (&plan.tables, sql::batches(&params)),
        (&plan.tables, sql::rejected(&params)),
        (&plan.tables, sql::tracks(&params)),
        (shard, sql::cells(&params)),
    ] {
        let mut text = String::new();
        world
            .data_fusion()
            .run(tables, &format!("EXPLAIN {sql}"), &mut |rows| {
                let plans = Columns(rows).texts("plan")?;
                text.extend(plans.iter().flatten());
                Ok(())
            })
            .unwrap();
        // Below a join the side that is held comes first.
        let join = text.rfind("HashJoinExec").expect("a hash join");
        let held = text[join..].find("accepted.parquet").expect("the list of batches");
        let streamed = text[join..].find("hour=").expect("rows");
        assert!(held < streamed, "{sql}\n{text}");
    }
}

#[test]
fn what_does_not_fit_in_memory_is_spilled_and_the_result_is_the_same() {
    let world = World::crowd(200_000);
    let engine = DataFusion { memory_bytes: 48 << 20, threads: 2, ..world.data_fusion() };
    let expected = world.pure();
    assert_eq!(expected.cells.cells.len(), 200_000);
    assert!(world.settle_with(&engine).unwrap() == expected);

    let accepted: Vec<BatchHeader> = expected.batches.iter().map(|batch| batch.header).collect();
    let plan = Catalogue::find(&world.rows, &accepted).unwrap().plan(&accepted, &world.work()).unwrap();
    let mut text = String::new();
    // All in one shard, so that it does not fit.
    assert_eq!(plan.shards, 1);
    let analyzed = format!("EXPLAIN ANALYZE {}", sql::cells(&Params::demo()));
    engine
        .run(&plan.by_shard[0], &analyzed, &mut |rows| {
            text.extend(Columns(rows).texts("plan")?.iter().flatten());
            Ok(())
        })
        .unwrap();
    let spills = |metric: &str| metric.strip_prefix("spill_count=").is_some_and(|count| !count.starts_with('0'));
    assert!(text.split([' ', ',', '[', ']']).any(spills), "nothing was spilled:\n{text}");
}
