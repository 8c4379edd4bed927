-- Question: Which runs still hold money that may have been paid?
-- Columns:
--   run_id: the run
--   reserved_usd: what it still reserves
--   in_flight: attempts that are on their way
--   unknown: attempts of which nobody knows yet whether Google took them
--   lost: attempts that were looked for and not found
--   expired: attempts that were taken and not done in time
SELECT
  u.run_id,
  u.reserved_usd,
  SUM(CASE WHEN r.status IN ('authorised', 'sending', 'submitted') THEN 1 ELSE 0 END) AS in_flight,
  SUM(CASE WHEN r.status = 'unknown' THEN 1 ELSE 0 END) AS unknown,
  SUM(CASE WHEN r.status = 'lost' THEN 1 ELSE 0 END) AS lost,
  SUM(CASE WHEN r.status = 'expired' THEN 1 ELSE 0 END) AS expired
FROM {{ table("runs") }} AS u
LEFT JOIN {{ table("results") }} AS r ON r.run_id = u.run_id
WHERE u.reserved_usd > 0
GROUP BY u.run_id, u.reserved_usd
ORDER BY u.reserved_usd DESC, u.run_id
