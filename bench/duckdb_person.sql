-- base/person by design section 7 over what the intake conformed; {{out}} is filled in.
-- No decision is in force on the day loaded, so that steps 5 and 6 have nothing to do.

CREATE MACRO match_name(name) AS CASE
    WHEN regexp_full_match(name, '[\x{{4e00}}-\x{{9fff}}]+') THEN name
    ELSE upper(translate(name, chr(59491) || '·•・‧．.･ ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)
        || chr(28) || chr(29) || chr(30) || chr(31) || chr(133) || chr(5760) || chr(8232) || chr(8233), '䶮')) END;

CREATE MACRO delivered(feed) AS TABLE
    SELECT * FROM read_parquet('{out}/conformed/' || feed || '/*/*/*/*.parquet', hive_partitioning = true,
        hive_types = {{'region': VARCHAR, 'business_date': DATE, 'delivery_no': INTEGER}});

-- Candidates, live and cancelled ones marked; `n` is the number's first seventeen digits.
CREATE TEMP TABLE candidate AS
    SELECT record_no, citizen_id, name, former_name, sex, birth_date, household_no, household_kind, hukou_nature,
        relation_to_head, registered_area, registered_on, converted_on, unsettled_reason, ended_on, end_reason,
        updated_at, flags, region, business_date AS day, citizen_id[1:17]::BIGINT AS n,
        ended_on IS NULL OR ended_on > business_date AS live,
        NOT live AND coalesce(end_reason IN ('4', '7'), false) AS cancelled
    FROM delivered('household_registration') WHERE registered_on <= business_date;

CREATE TEMP TABLE several AS
    SELECT n FROM candidate WHERE n IS NOT NULL GROUP BY n HAVING count(*) > 1;

-- Step 1: nodes are names with a birth date; a record's former name links its node to another that is there.
CREATE TEMP TABLE sharing AS
    SELECT *, birth_date::VARCHAR || '|' || match_name(name) AS node,
        birth_date::VARCHAR || '|' || match_name(former_name) AS former_node
    FROM candidate SEMI JOIN several USING (n)
    QUALIFY NOT cancelled OR bool_and(cancelled) OVER (PARTITION BY n);

CREATE TEMP TABLE component AS
    WITH RECURSIVE linked AS (
        SELECT DISTINCT s.n, s.node, o.node AS other FROM sharing s
        JOIN sharing o ON o.n = s.n AND o.node = s.former_node),
    either AS (SELECT n, node, other FROM linked UNION SELECT n, other, node FROM linked),
    reached AS (
        SELECT DISTINCT n, node, node AS least FROM sharing
        UNION SELECT r.n, e.other, r.least FROM reached r JOIN either e ON e.n = r.n AND e.node = r.node)
    SELECT n, node, min(least) AS person FROM reached GROUP BY n, node;

-- Steps 2, 3 and 7: one order serves all. `place` 1 is the number's best record, `best` the person's.
CREATE TEMP TABLE winner AS
    WITH placed AS (
        SELECT *, row_number() OVER (PARTITION BY n ORDER BY live DESC,
            CASE WHEN NOT live THEN ended_on END DESC NULLS LAST, registered_on DESC, updated_at DESC,
            region DESC, record_no DESC) AS place
        FROM sharing JOIN component USING (n, node)),
    ranked AS (
        SELECT *, min(place) OVER whole AS best, min(row(day, region, record_no)) OVER whole AS anchor
        FROM placed WINDOW whole AS (PARTITION BY n, person))
    SELECT * EXCLUDE (node, former_node, person, place, anchor, best),
        anchor[2] || '|' || anchor[3] AS named_after,
        CASE WHEN live AND sum(live::INTEGER) OVER (PARTITION BY n) > 1 THEN 'CONTESTED'
            WHEN best = 1 THEN 'UNIQUE' ELSE 'FORMER' END AS id_status
    FROM ranked WHERE place = best
    UNION ALL BY NAME
    SELECT *, region || '|' || record_no AS named_after, if(n IS NULL, 'NONE', 'UNIQUE') AS id_status
    FROM candidate ANTI JOIN several USING (n);

-- Statistics section 8: who is active where, one bit a sector, by number and match name.
CREATE TEMP TABLE seen AS
    WITH active AS (
        SELECT citizen_id, name, 1 AS sector FROM delivered('education') WHERE status IN ('01', '02')
        UNION ALL
        SELECT citizen_id, name, 2 FROM delivered('social_security') WHERE pay_status = '1'
            AND paid_to >= date_trunc('month', business_date) - INTERVAL 2 MONTH
        UNION ALL
        SELECT citizen_id, owner_name, 4 FROM delivered('housing')
            WHERE held_from <= business_date AND (held_to IS NULL OR held_to > business_date)
        UNION ALL
        SELECT citizen_id, name, 8 FROM delivered('tax') WHERE period <= business_date
            AND period > date_trunc('month', business_date) - INTERVAL 12 MONTH
        UNION ALL
        SELECT citizen_id, name, 16 FROM delivered('residence_permit')
            WHERE registered_on <= business_date AND (left_on IS NULL OR left_on > business_date))
    SELECT citizen_id[1:17]::BIGINT AS n, match_name(name) AS seen_name, bit_or(sector) AS sectors
    FROM active WHERE citizen_id IS NOT NULL GROUP BY ALL;

COPY (
    SELECT sha256('person|' || named_after)[1:32] AS person_id,
        CASE WHEN id_status = 'UNIQUE' THEN citizen_id END AS citizen_id,
        CASE WHEN id_status IN ('CONTESTED', 'FORMER') THEN citizen_id END AS claimed_citizen_id, id_status,
        CASE WHEN regexp_matches(citizen_id, '^8[123]0000') THEN 'HMT' WHEN starts_with(citizen_id, '9')
            THEN 'FOREIGN' ELSE 'CITIZEN' END AS person_class,
        name, former_name, sex, birth_date, region, record_no, region || '/' || household_no AS household_id, household_kind,
        relation_to_head, hukou_nature, registered_area, registered_on, converted_on,
        CASE WHEN live THEN 'REGISTERED' ELSE coalesce(MAP {{'1': 'DEAD', '2': 'MISSING', '3': 'MOVED_OUT',
            '5': 'IN_SERVICE', '6': 'EMIGRATED'}}[end_reason], 'CANCELLED') END AS status,
        ended_on, end_reason, unsettled_reason,
        NULL::VARCHAR AS usual_area, NULL::VARCHAR AS usual_rule, NULL::VARCHAR AS usual_evidence,
        NULL::VARCHAR AS usual_precision,
        coalesce(sectors & 1, 0) > 0 AS in_education, coalesce(sectors & 2, 0) > 0 AS in_social_security,
        coalesce(sectors & 4, 0) > 0 AS in_housing, coalesce(sectors & 8, 0) > 0 AS in_tax,
        coalesce(sectors & 16, 0) > 0 AS in_residence, updated_at, flags
    FROM winner LEFT JOIN seen
        ON seen.n = CASE WHEN id_status = 'UNIQUE' THEN winner.n END AND seen_name = match_name(name)
) TO '{out}/person' (FORMAT parquet, COMPRESSION snappy, PER_THREAD_OUTPUT true)
