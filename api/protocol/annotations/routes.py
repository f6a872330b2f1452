from fastapi import APIRouter

from api.protocol.service import Service


def annotation_routes(service: Service) -> APIRouter:
    return APIRouter()
