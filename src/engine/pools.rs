//! Creating, changing and deleting pools.

use model::{
    PoolName,
    change::Pool,
    command::{Refusal, Reply},
};

use crate::{
    live::{Cx, pools::DEFAULT_POOL},
    refusals,
};

/// Creates or changes a pool. More slots are used at once; fewer are waited for.
pub(crate) fn put(cx: &mut Cx, pool: Pool, only_new: bool) -> Result<Reply, Refusal> {
    if !model::id::is_key(&pool.name) || pool.slots < -1 {
        return Err(refusals::bad_pool(&pool.name));
    }
    let exists = cx
        .live
        .pools
        .named(&pool.name)
        .is_some_and(|entry| entry.row.is_some());
    if only_new && exists {
        return Err(refusals::pool_exists(&pool.name));
    }
    cx.live.dirty.pools.insert(pool.name.clone());
    cx.live.pools.put(pool);
    cx.live.ready.wake = true;
    Ok(Reply::Done)
}

/// Deletes a pool. Tasks that name it wait until it is back.
pub(crate) fn delete(cx: &mut Cx, name: &PoolName) -> Result<Reply, Refusal> {
    if &**name == DEFAULT_POOL {
        return Err(refusals::default_pool());
    }
    if cx
        .live
        .pools
        .named(name)
        .is_none_or(|entry| entry.row.is_none())
    {
        return Err(refusals::no_pool(name));
    }
    cx.live.pools.delete(name);
    cx.live.dirty.pools.insert(name.clone());
    Ok(Reply::Done)
}
