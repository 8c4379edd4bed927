-- Question: Which clips were paid for more than once?
-- Columns:
--   clip_id: the clip
--   sku: product, as the feed names it
--   paid_attempts: attempts that delivered
--   paid_usd: what their videos cost in all
--   superseded_usd: what those of all but the latest of them cost
WITH ordered AS (
  SELECT
    clip_id,
    sku,
    amount_usd,
    ROW_NUMBER() OVER (PARTITION BY clip_id ORDER BY attempt DESC) AS age
  FROM {{ table("spend") }}
  WHERE samples > 0
)
SELECT
  clip_id,
  sku,
  COUNT(*) AS paid_attempts,
  SUM(amount_usd) AS paid_usd,
  SUM(CASE WHEN age > 1 THEN amount_usd END) AS superseded_usd
FROM ordered
GROUP BY clip_id, sku
HAVING COUNT(*) > 1
ORDER BY superseded_usd DESC, clip_id
