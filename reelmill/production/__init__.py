"""One clip's way from authorisation to settlement, and the one loop that fans clips out."""
