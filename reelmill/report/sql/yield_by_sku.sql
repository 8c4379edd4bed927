-- Question: What did each product cost, the dearest first?
-- Columns:
--   sku: product, as the feed names it
--   attempts: paid or tried requests, those still open too
--   videos: videos that came back
--   delivered: attempts that brought at least one
--   filtered: attempts that Veo's safety filters stopped
--   failed: attempts that were refused or ended in an error
--   unfit: delivered attempts whose inspection failed
--   rejected: delivered attempts that a person rejected or wants remade
--   yield: delivered of all attempts, 0 to 1
--   paid_usd: what was charged
--   usd_per_video: paid for each video that came back
{% include "_attempts.sql" %}
SELECT
  sku,
{% include "_measures.sql" %}
FROM attempts
GROUP BY sku
ORDER BY paid_usd DESC, sku
