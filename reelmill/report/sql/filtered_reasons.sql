-- Question: Why were clips filtered?
-- Columns:
--   error_code: support code of the safety filter
--   attempts: attempts that it stopped
--   products: products that these were for
--   example: what was said of one of them
SELECT
  error_code,
  COUNT(*) AS attempts,
  COUNT(DISTINCT sku) AS products,
  MIN(error_message) AS example
FROM {{ table("results") }}
WHERE status = 'filtered'
GROUP BY error_code
ORDER BY attempts DESC, error_code
