package dev.nightshift.runtime;

/**
 * The demo's shop in SQL: a mail-order house for the household with two years of business. Set-based, from a fixed seed, so
 * that it is made within seconds and every installation's figures look alike; only the dates move with the day.
 */
final class DemoShop {
    private DemoShop() {}

    static final String TABLES = """
            create table category (
                id   smallint primary key,
                name text not null unique
            );
            comment on table category is 'What the shop sells, as the menu shows it';

            create table product (
                id          integer primary key,
                category_id smallint not null,
                sku         text not null,
                name        text not null,
                price       numeric(8,2) not null check (price > 0),
                stock       integer not null check (stock >= 0),
                listed_on   date not null
            );
            comment on table product is 'Articles on sale; a price is in euros with tax';
            comment on column product.sku is 'Stock keeping unit: category, number';

            create table customer (
                id            integer primary key,
                given_name    text not null,
                family_name   text not null,
                email         text not null,
                street        text not null,
                postal_code   text not null,
                city          text not null,
                country       char(2) not null,
                newsletter    boolean not null,
                registered_at timestamptz not null
            );
            comment on table customer is 'People who have ordered at least once or registered';
            comment on column customer.country is 'ISO 3166-1 alpha-2';

            create table orders (
                id          bigint primary key,
                customer_id integer not null,
                placed_at   timestamptz not null,
                status      text not null check (status in
                            ('placed', 'paid', 'shipped', 'delivered', 'returned', 'cancelled')),
                shipping    numeric(6,2) not null,
                total       numeric(10,2) not null,
                note        text,
                updated_at  timestamptz not null
            );
            comment on table orders is 'One basket that was paid or is to be';
            comment on column orders.total is 'Items and shipping, in euros with tax';

            create table order_item (
                order_id   bigint not null,
                line       smallint not null,
                product_id integer not null,
                quantity   smallint not null check (quantity > 0),
                unit_price numeric(8,2) not null
            );
            comment on table order_item is 'What was in the basket, at the price of that day';

            create table cart (
                id          bigint primary key,
                customer_id integer not null,
                product_id  integer not null,
                token       text not null,
                touched_at  timestamptz not null
            );
            comment on table cart is 'Baskets on the way to the till; most are abandoned and swept out';
            """;

    static final String PRODUCTS = """
            select setseed(0.1729);

            insert into category (id, name)
            select n, name
              from unnest(array['Kitchen', 'Lighting', 'Bedding', 'Bath', 'Garden', 'Tools', 'Storage', 'Stationery',
                                'Toys', 'Outdoor', 'Pets', 'Pantry']) with ordinality as c (name, n);

            with noun (category_id, name, base) as (
                values (1, 'saucepan', 39), (1, 'chopping board', 24), (1, 'kettle', 45), (1, 'bread knife', 32),
                       (1, 'casserole', 69), (1, 'pepper mill', 27), (2, 'desk lamp', 58), (2, 'lantern', 34),
                       (2, 'pendant lamp', 89), (2, 'candle holder', 16), (3, 'duvet cover', 74), (3, 'pillow', 38),
                       (3, 'blanket', 59), (4, 'bath towel', 22), (4, 'soap dish', 11), (4, 'shower curtain', 29),
                       (5, 'watering can', 28), (5, 'plant pot', 14), (5, 'garden hose', 36), (5, 'pruning shears', 31),
                       (6, 'hammer', 23), (6, 'spirit level', 19), (6, 'screwdriver set', 42), (7, 'basket', 26),
                       (7, 'shelf', 79), (7, 'coat rack', 49), (8, 'notebook', 9), (8, 'fountain pen', 37),
                       (8, 'desk tidy', 21), (9, 'spinning top', 8), (9, 'building blocks', 33), (9, 'kite', 25),
                       (10, 'picnic rug', 41), (10, 'thermos flask', 35), (10, 'hammock', 84), (11, 'feeding bowl', 17),
                       (11, 'cat tree', 95), (12, 'olive oil', 13), (12, 'honey', 8), (12, 'tea tin', 15)
            ), style (style, factor) as (
                select name, 0.8 + 0.08 * n
                  from unnest(array['Plain', 'Oak', 'Enamel', 'Linen', 'Copper', 'Walnut', 'Stoneware', 'Wool',
                                    'Brass', 'Ash']) with ordinality as s (name, n)
            ), size (size, more) as (values ('small', 0.85), ('large', 1.3))
            insert into product (id, category_id, sku, name, price, stock, listed_on)
            select n, category_id, upper(left(c.name, 3)) || '-' || lpad(n::text, 5, '0'), p.name,
                   greatest(1, round(price)) - 0.10, (random() * random() * 400)::integer,
                   current_date - 760 - (random() * 900)::integer
              from (select row_number() over (order by random()) as n, category_id,
                           style || ' ' || noun.name || ', ' || size as name, base * factor * more as price
                      from noun, style, size) as p
              join category c on c.id = p.category_id;
            """;

    static final String CUSTOMERS = """
            with words as (
                select array['Anna', 'Lukas', 'Marie', 'Paul', 'Sofia', 'Jonas', 'Emma', 'Felix', 'Lea', 'Elias', 'Clara',
                             'David', 'Nora', 'Simon', 'Ida', 'Jakob', 'Mila', 'Leon', 'Greta', 'Oskar', 'Alice', 'Hugo',
                             'Louise', 'Gabriel', 'Chiara', 'Matteo', 'Giulia', 'Lorenzo', 'Ines', 'Pablo', 'Carmen',
                             'Javier', 'Zofia', 'Jan', 'Hanna', 'Piotr', 'Freja', 'Magnus', 'Astrid', 'Nils'] as given,
                       array['Gruber', 'Huber', 'Wagner', 'Pichler', 'Moser', 'Mayer', 'Schmidt', 'Fischer', 'Weber',
                             'Becker', 'Hoffmann', 'Koch', 'Richter', 'Wolf', 'Neumann', 'Martin', 'Bernard', 'Dubois',
                             'Laurent', 'Moreau', 'Rossi', 'Russo', 'Ferrari', 'Bianchi', 'Romano', 'Garcia', 'Lopez',
                             'Sanchez', 'Romero', 'Navarro', 'Kowalski', 'Nowak', 'Lewandowski', 'Jensen', 'Nielsen',
                             'Larsen', 'Andersson', 'Lindberg', 'de Vries', 'Jansen'] as family,
                       array['Mill Lane', 'Station Road', 'High Street', 'Church Square', 'Garden Way', 'Linden Avenue',
                             'River Bank', 'School Street', 'Market Place', 'Forest Path'] as street,
                       array['AT|1070|Wien', 'AT|8010|Graz', 'AT|4020|Linz', 'DE|10115|Berlin', 'DE|20095|Hamburg',
                             'DE|80331|München', 'DE|50667|Köln', 'FR|75011|Paris', 'FR|69002|Lyon', 'IT|20121|Milano',
                             'IT|40121|Bologna', 'ES|08001|Barcelona', 'PL|31-005|Kraków', 'DK|1050|København',
                             'SE|11122|Stockholm', 'NL|3511|Utrecht'] as place
            )
            insert into customer (id, given_name, family_name, email, street, postal_code, city, country, newsletter,
                                  registered_at)
            select n, given, family,
                   lower(given || '.' || replace(family, ' ', '')) || n || '@example.com',
                   street || ' ' || 1 + (random() * 120)::integer,
                   split_part(place, '|', 2), split_part(place, '|', 3), split_part(place, '|', 1),
                   random() < 0.35,
                   date_trunc('second', now()) - interval '731 days' - random() * interval '400 days'
              from (select n, words.given[1 + floor(random() * 40)] as given, words.family[1 + floor(random() * 40)] as family,
                           words.street[1 + floor(random() * 10)] as street,
                           words.place[1 + floor(sqrt(random() * random()) * 16)] as place
                      from words, generate_series(1, 24000) as n) as c;
            """;

    /** Items first: an order's total is the sum of them, and an update of all orders would leave each one twice. */
    static final String ORDERS = """
            create temporary table draft on commit drop as
            select n as id, 1 + floor(power(random(), 1.6) * 24000)::integer as customer_id, placed_at,
                   1 + floor(power(random(), 1.5) * 5)::integer as lines, random() as fate
              from (select row_number() over (order by placed_at) as n, placed_at
                      from (select date_trunc('second', now() - interval '30 minutes'
                                   - power(random(), 1.25) * interval '730 days') as placed_at
                              from generate_series(1, 240000)) as moments) as numbered;

            insert into order_item (order_id, line, product_id, quantity, unit_price)
            select i.order_id, i.line, p.id, 1 + floor(power(i.amount, 4) * 5)::integer,
                   round(p.price * (1 - 0.05 * floor(extract(epoch from now() - i.placed_at) / 31557600)::integer), 2)
              from (select d.id as order_id, d.placed_at, line, random() as amount,
                           1 + floor(power(random(), 1.4) * 800)::integer as product_id
                      from draft d, generate_series(1, d.lines) as line) as i
              join product p on p.id = i.product_id
             order by i.order_id, i.line;

            insert into orders (id, customer_id, placed_at, status, shipping, total, note, updated_at)
            select d.id, d.customer_id, d.placed_at,
                   case when d.fate < 0.03 then 'cancelled'
                        when d.placed_at > now() - interval '8 hours' then 'placed'
                        when d.placed_at > now() - interval '1 day' then 'paid'
                        when d.placed_at > now() - interval '4 days' then 'shipped'
                        when d.fate < 0.08 then 'returned'
                        else 'delivered' end,
                   case when i.goods >= 75 then 0 else 4.90 end,
                   i.goods + case when i.goods >= 75 then 0 else 4.90 end,
                   case when d.fate > 0.985 then 'Please leave it with the neighbour.'
                        when d.fate > 0.975 then 'A present: no invoice in the parcel, please.' end,
                   least(now(), d.placed_at + d.fate * interval '4 days')
              from draft d
              join (select order_id, sum(quantity * unit_price) as goods from order_item group by order_id) as i
                on i.order_id = d.id
             order by d.id;

            insert into cart (id, customer_id, product_id, token, touched_at)
            select n, 1 + floor(random() * 24000)::integer, 1 + floor(random() * 800)::integer,
                   md5(n::text || random()::text), now() - random() * interval '60 days'
              from generate_series(1, 160000) as n;
            """;

    static final String INDEXES = """
            alter table product add unique (sku), add foreign key (category_id) references category (id);
            alter table customer add unique (email);
            alter table order_item add primary key (order_id, line);
            alter table orders add foreign key (customer_id) references customer (id);
            alter table order_item
                add foreign key (order_id) references orders (id) on delete cascade,
                add foreign key (product_id) references product (id);
            alter table cart
                add foreign key (customer_id) references customer (id),
                add foreign key (product_id) references product (id);
            create index on product (category_id);
            create index on orders (customer_id, placed_at);
            create index on orders (placed_at);
            create index on orders (status) where status in ('placed', 'paid', 'shipped');
            create index on order_item (product_id);
            create unique index cart_token on cart (token);
            create index on customer (country, city);

            create view monthly_revenue as
            select date_trunc('month', placed_at)::date as month, count(*) as orders, sum(total) as revenue
              from orders
             where status not in ('returned', 'cancelled')
             group by 1;
            comment on view monthly_revenue is 'What the owners look at on the first of the month';
            """;

    /**
     * A day's wear, for the night to repair. Three orders in ten were touched since the last vacuum: 30 % of the live rows
     * and 23 % of all row versions, past a limit of 20 % by either way of counting.
     */
    static final String DEAD_ROWS = """
            alter table orders set (autovacuum_enabled = false);
            update orders set updated_at = now() where id % 10 in (1, 4, 8);
            """;

    /** Nine carts in ten are swept out; after a vacuum their index keeps its pages, each a tenth full. */
    static final String SWEPT_CARTS = "delete from cart where id % 10 <> 3";
}
