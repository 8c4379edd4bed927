-- Question: How much of each run's plan and caps was used?
-- Columns:
--   run_id: the run
--   day: UTC day on which it began
--   status: how it stands
--   planned_usd: most that its plan could cost
--   used_usd: spent and still reserved
--   cap_run_usd: cap of the run; null without one
--   cap_run_used: used of that cap, 0 to 1
--   day_used_usd: spent and reserved by all runs that began on that day
--   cap_day_usd: cap of the day when the run began; null without one
SELECT
  run_id,
  {{ day("started_at") }} AS day,
  status,
  planned_usd,
  spent_usd + reserved_usd AS used_usd,
  cap_run_usd,
  ROUND((spent_usd + reserved_usd) / NULLIF(cap_run_usd, 0), 4) AS cap_run_used,
  SUM(spent_usd + reserved_usd) OVER (PARTITION BY {{ day("started_at") }}) AS day_used_usd,
  cap_day_usd
FROM {{ table("runs") }}
ORDER BY started_at, run_id
