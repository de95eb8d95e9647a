select 1 as id, 10 as price
union all
select 2, 32
