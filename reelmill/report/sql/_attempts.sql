WITH attempts AS (
  SELECT r.*, COALESCE(s.samples, 0) AS videos
  FROM {{ table("results") }} AS r
  LEFT JOIN {{ table("spend") }} AS s ON s.clip_id = r.clip_id AND s.attempt = r.attempt AND s.samples > 0
)
