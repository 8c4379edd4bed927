-- Question: What does a delivered second cost, by model, resolution and sound?
-- Columns:
--   model: Veo model
--   resolution: 720p, 1080p or 4k
--   audio: whether sound was paid for
--   seconds: seconds of video that came back
--   paid_usd: what was charged for them; verdicts are not among it
--   usd_per_second: paid for each of these seconds
SELECT
  model,
  resolution,
  audio,
  SUM(seconds * samples) AS seconds,
  SUM(amount_usd) AS paid_usd,
  ROUND(SUM(amount_usd) / NULLIF(SUM(seconds * samples), 0), 6) AS usd_per_second
FROM {{ table("spend") }}
WHERE samples > 0
GROUP BY model, resolution, audio
ORDER BY paid_usd DESC, model, resolution, audio
