select count(*) as orders, sum(price) as total from {{ ref('orders') }}
