-- Question: What was paid on each UTC day?
-- Columns:
--   day: UTC day on which it was charged
--   charges: paid attempts
--   videos: videos that came back
--   seconds: seconds of video that came back
--   paid_usd: what was charged, verdicts included
SELECT
  {{ day("charged_at") }} AS day,
  SUM(CASE WHEN samples > 0 THEN 1 ELSE 0 END) AS charges,
  SUM(samples) AS videos,
  SUM(seconds * samples) AS seconds,
  SUM(amount_usd) AS paid_usd
FROM {{ table("spend") }}
GROUP BY day
ORDER BY day
