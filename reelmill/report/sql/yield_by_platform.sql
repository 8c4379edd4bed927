-- Question: What does each platform cost, and what comes of it?
-- Columns:
--   platform: platform that the clip serves; one that serves several counts for each
--   attempts: paid or tried requests, those still open too
--   videos: videos that came back
--   delivered: attempts that brought at least one
--   filtered: attempts that Veo's safety filters stopped
--   failed: attempts that were refused or ended in an error
--   unfit: delivered attempts whose inspection failed
--   rejected: delivered attempts that a person rejected or wants remade
--   yield: delivered of all attempts, 0 to 1
--   paid_usd: the platform's even share of what was charged, to the millionth; what is left over is the first one's
--   usd_per_video: that share for each video that came back
{% include "_attempts.sql" %},
millionths AS (
  SELECT
    *,
    CAST(cost_usd * 1000000 AS {{ whole }}) AS cost,
    {{ length("platforms") }} AS sharers
  FROM attempts
),
shares AS (
  SELECT
    platform,
    status,
    inspection,
    decision,
    videos,
    (
      {{ divide("cost", "sharers") }} + CASE WHEN platform = {{ first("platforms") }} THEN MOD(cost, sharers) ELSE 0 END
    ) * {{ millionth }} AS cost_usd
  FROM millionths
  CROSS JOIN {{ unnest("millionths.platforms", "platform") }}
)
SELECT
  platform,
{% include "_measures.sql" %}
FROM shares
GROUP BY platform
ORDER BY paid_usd DESC, platform
